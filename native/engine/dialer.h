// Opens connections: bind to a port, connect without blocking, tell success from failure, give up
// in time.
#pragma once

#include <cstdint>
#include <string>

#include "native/engine/handshakes.h"
#include "native/engine/worker_context.h"

namespace c1m {

class Dialer {
 public:
  explicit Dialer(WorkerContext& context);

  // Starts up to one batch of connections and fails handshakes whose time is up. Returns the moment
  // at which it wants to be called again: 0 for at once, Reactor::kForever for only after an event.
  int64_t Step(int64_t now_ns);
  // An event of a descriptor in state kConnecting or kDialed.
  void OnEvent(int fd, uint32_t events, int64_t now_ns);

  // No room left in the table, or nothing left to dial: this worker starts no more connections.
  [[nodiscard]] bool finished() const { return finished_; }
  // Finished because the table is full: the lane needs another worker for what is left.
  [[nodiscard]] bool full() const { return full_; }
  // Finished, and every handshake has ended one way or the other.
  [[nodiscard]] bool settled() const { return finished_ && handshakes_.empty(); }

 private:
  [[nodiscard]] int64_t RoomInTable() const;
  [[nodiscard]] int64_t NextExpiryNs() const;
  void Expire(int64_t now_ns);
  // Dials the next tuple; `wanted` is how many this batch still needs.
  void DialNext(uint64_t wanted);
  // A socket bound to the cursor's source; -1 when this attempt has ended.
  int BindNext(uint64_t wanted);
  // False when the tuple turned out to be taken and the next one is to be tried.
  bool Connect(int fd);
  void Await(int fd, int64_t started_ns);
  void Establish(int fd, uint32_t target, int64_t latency_ns, bool watched);
  void FailAttempt(Phase phase, int code, int fd, uint32_t target);
  void OnHandshakeEvent(int fd, uint32_t events, int64_t now_ns);
  void EndHandshake(uint32_t slot, Phase phase, int code);
  [[nodiscard]] std::string DescribeTuple(int fd, uint32_t target) const;
  void OnHeldEvent(int fd);

  WorkerContext& context_;
  const DialOptions& options_;
  const int64_t window_;
  Handshakes handshakes_;
  // Probes in a row that found the handshake still under way.
  uint32_t missed_probes_ = 0;
  bool finished_ = false;
  bool full_ = false;
};

}  // namespace c1m
