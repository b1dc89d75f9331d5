// Opens and holds connections: connects without blocking, detects success, failure and timeout,
// exchanges data, and replaces closed connections in a churn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "native/engine/dial/handshakes.h"
#include "native/engine/dial/icmp_sample.h"
#include "native/engine/dial/source_socket.h"
#include "native/engine/dial/stale_answer.h"
#include "native/engine/state/table_context.h"
#include "native/engine/talk/exchange.h"

namespace c1m {

class Dialer {
 public:
  explicit Dialer(TableContext& context);

  // Starts up to one batch of connections, begins heartbeats, and ends whatever has timed out.
  // Returns when it must be called again: 0 for at once, Reactor::kForever for only after an event.
  int64_t Step(int64_t now_ns);
  // Called for an event of a descriptor in state kConnecting or kDialed.
  void OnEvent(int fd, uint32_t events, int64_t now_ns);

  // Whether this dialer starts no more connections: its table is full, or none are left to dial.
  [[nodiscard]] bool finished() const { return finished_; }
  // Whether it is finished because the table is full: the worker needs another table for the rest.
  [[nodiscard]] bool full() const { return full_; }
  // Whether it is finished and every handshake and first exchange has ended.
  [[nodiscard]] bool settled() const {
    return finished_ && handshakes_.empty() && (!exchange_ || exchange_->first_in_progress() == 0);
  }

 private:
  int64_t StartBatch(int64_t now_ns);
  // The number of connections that may start now; sets finished_ if no more ever will.
  int64_t Allowance();
  [[nodiscard]] int64_t RoomInTable() const;
  // In a churn: how many more connections may be open than are.
  [[nodiscard]] int64_t Missing() const;
  // Whether all recent exchanges of a churn at full speed have failed.
  [[nodiscard]] bool Hopeless() const;
  [[nodiscard]] int64_t NextExpiryNs() const;
  void ExpireHandshakes(int64_t now_ns);
  // Dials the next free tuple; `wanted` is how many this batch still needs. False if none was
  // found.
  bool DialNext(uint64_t wanted);
  // False if the tuple is in use and the next one must be tried.
  bool Connect(const SourceSocket& socket);
  void AwaitHandshake(const SourceSocket& socket, int64_t started_ns);
  // Adds a pending handshake and returns its slot.
  uint32_t AddHandshake(const SourceSocket& socket, int64_t started_ns);
  void ConnectAndSend(const SourceSocket& socket, int64_t started_ns);
  // `sent`: bytes of the first message that are already sent.
  void Establish(int fd, uint32_t target, int64_t started_ns, int64_t now_ns, bool watched,
                 size_t sent = 0);
  void CountSynRepeats(const HandshakeTrace& trace, int64_t latency_ns);
  void BeginExchange(int fd, int64_t now_ns, bool watched, size_t sent);
  void OnHandshakeEvent(int fd, uint32_t events, int64_t now_ns);
  // Whether a connection that the peer has reset holds data from the peer.
  [[nodiscard]] bool HasReceivedData(uint32_t slot) const;
  // `error` is 0 if the handshake succeeded.
  void EndHandshake(uint32_t slot, int error, int64_t now_ns, bool watched);
  void OnHeldEvent(int fd, uint32_t events);
  void OnExchange(int fd, Exchange::Result result);
  // Called when a connection has done what it was opened for.
  void OnServed(int fd);

  // The ways a connection ends, each counted separately (dialer_endings.cc).
  void FailAttempt(Phase phase, int code, const SourceSocket& socket);
  void FailForTuples();
  void FailHandshake(uint32_t slot, Phase phase, int code);
  void EndHeld(int fd, Phase phase, int code);
  void NoteDead(int fd, int code);
  // Records TCP_INFO of a connection that ends too early.
  void NoteEarlyEnd(int fd, Phase phase, int code);
  void CompleteTransaction(int fd);
  void CloseHeld(int fd);
  [[nodiscard]] std::string DescribeTuple(int fd, uint32_t target) const;

  TableContext& context_;
  const DialOptions& options_;
  const int64_t window_;
  // In a churn: the number of connections this dialer keeps open.
  const int64_t share_;
  SourceSockets sources_;
  Handshakes handshakes_;
  IcmpSample icmp_;
  std::optional<Exchange> exchange_;
  // Consecutive probes that found the handshake still pending.
  uint32_t missed_probes_ = 0;
  // Consecutive failed transactions of a churn, and when the next one may start after too many.
  uint64_t failed_in_a_row_ = 0;
  int64_t next_try_ns_ = 0;
  bool finished_ = false;
  bool full_ = false;
};

}  // namespace c1m
