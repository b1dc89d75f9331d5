// The part of one table in a proof that connections are alive. A held connection shows nothing by
// itself: its peer may be gone, or may never have had the connection.
//
// The probe is the kernel's own keepalive probe, which carries no data. A peer that has the
// connection acknowledges it (RFC 9293, 3.8.4); a peer that does not answers with RST. A peer that
// still waits for the last segment of the handshake also acknowledges the probe (tcp_check_req
// answers segments outside its window), but it repeats its SYN-ACK 1, 3, 7, ... seconds after the
// first one.
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

  // Executes one batch of the step that the run has ordered; true after the last one.
  bool Step();
  // Skips the rest of the step.
  void Leave() { next_ = 0; }

 private:
  // The sums of one batch, before they are added to those of the run.
  struct Sums {
#define C1M_FIELD(name, label) uint64_t name = 0;
    C1M_PROOF_SUMS(C1M_FIELD)
#undef C1M_FIELD
  };

  // Each handles one batch; true after the last one.
  bool Choose(const ProofOrder& order, Sums& sums);
  bool Ask(Sums& sums);
  void AskAgain(Probed& probed);
  bool Look(bool last, Sums& sums);
  bool Judge(const ProofOrder& order, Sums& sums);
  void Classify(Probed& probed, bool last, Sums& sums);
  void NoteSilent(const TcpInfo& info, Sums& sums) const;
  [[nodiscard]] int64_t NowMs() const;

  TableContext& context_;
  // Where the next batch begins: a descriptor or an index in the sample.
  size_t next_ = 0;
  // Dialed connections to skip before the next one to probe.
  uint32_t skip_ = 0;
};

}  // namespace c1m
