// A table's part of a proof that connections are alive. A held connection says nothing by itself:
// its peer may be gone, or may never have known it.
//
// The probe is the kernel's own keepalive probe, which carries no data: a peer that knows the
// connection acknowledges it (RFC 9293, 3.8.4), one that doesn't resets. So does the peer's kernel
// while it still waits for the last segment of the handshake (tcp_check_req answers what is out of
// its window); but then it also sends its SYN-ACK again, 1, 3, 7, ... seconds after the first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/engine/measure/proof.h"
#include "native/engine/state/probed.h"
#include "native/engine/state/table_context.h"
#include "native/net/tcp_info.h"

namespace c1m {

class Prover {
 public:
  explicit Prover(TableContext& context) : context_(context) {}

  // Does some of what the run's order asks for; true when that was the last.
  bool Step();
  // Leaves the rest out.
  void Leave() { next_ = 0; }

 private:
  // Sums of this step, before they are added to those of the run.
  struct Sums {
#define C1M_FIELD(name, label) uint64_t name = 0;
    C1M_PROOF_SUMS(C1M_FIELD)
#undef C1M_FIELD
  };

  // Each goes on for a batch; true at the end.
  bool Choose(const ProofOrder& order, Sums& sums);
  bool Ask(Sums& sums);
  void AskAgain(Probed& probed);
  bool Look(bool last, Sums& sums);
  bool Judge(const ProofOrder& order, Sums& sums);
  void Classify(Probed& probed, bool last, Sums& sums);
  void NoteSilent(const TcpInfo& info, Sums& sums) const;
  [[nodiscard]] int64_t NowMs() const;

  TableContext& context_;
  // Where the next batch begins: a descriptor, or a place in the sample.
  size_t next_ = 0;
  // Dialed connections to pass over before the next one that is probed.
  uint32_t skip_ = 0;
};

}  // namespace c1m
