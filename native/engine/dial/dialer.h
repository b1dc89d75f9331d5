// Opens connections and keeps them: connect without blocking, tell success from failure, give up in
// time, talk, replace.
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

  // Starts up to one batch of connections, begins heartbeats, ends what has taken too long. Returns
  // the moment at which it is to be called again: 0 for at once, Reactor::kForever for only
  // after an event.
  int64_t Step(int64_t now_ns);
  // An event of a descriptor in state kConnecting or kDialed.
  void OnEvent(int fd, uint32_t events, int64_t now_ns);

  // The table is full, or nothing is left to dial: this dialer starts no more connections.
  [[nodiscard]] bool finished() const { return finished_; }
  // Finished because the table is full: the worker needs another table for the rest.
  [[nodiscard]] bool full() const { return full_; }
  // Finished, and every handshake and first exchange has ended one way or the other.
  [[nodiscard]] bool settled() const {
    return finished_ && handshakes_.empty() && (!exchange_ || exchange_->first_underway() == 0);
  }

 private:
  int64_t StartBatch(int64_t now_ns);
  // How many connections may start now; finishes when there will never be any.
  int64_t Allowance();
  [[nodiscard]] int64_t RoomInTable() const;
  // In a churn: how many connections fewer are open than may be.
  [[nodiscard]] int64_t Missing() const;
  // Whether a churn at full speed has met nothing but failed exchanges for a while.
  [[nodiscard]] bool Hopeless() const;
  [[nodiscard]] int64_t NextExpiryNs() const;
  void ExpireHandshakes(int64_t now_ns);
  // Dials the next free tuple; `wanted` is how many this batch still needs. False when none was
  // found.
  bool DialNext(uint64_t wanted);
  // False when the tuple turned out to be taken and the next one is to be tried.
  bool Connect(const SourceSocket& socket);
  void Await(const SourceSocket& socket, int64_t started_ns);
  // Adds a handshake under way, and gives its slot.
  uint32_t Enlist(const SourceSocket& socket, int64_t started_ns);
  void ConnectTalking(const SourceSocket& socket, int64_t started_ns);
  // `sent`: bytes of the first message that are on their way already.
  void Establish(int fd, uint32_t target, int64_t started_ns, int64_t now_ns, bool watched,
                 size_t sent = 0);
  void CountSynRepeats(const HandshakeTrace& trace, int64_t latency_ns);
  void Talk(int fd, int64_t now_ns, bool watched, size_t sent);
  void OnHandshakeEvent(int fd, uint32_t events, int64_t now_ns);
  // Whether bytes of the peer wait on a connection that it has reset.
  [[nodiscard]] bool HasSpoken(uint32_t slot) const;
  // `error` 0: it has succeeded.
  void EndHandshake(uint32_t slot, int error, int64_t now_ns, bool watched);
  void OnHeldEvent(int fd, uint32_t events);
  void OnExchange(int fd, Exchange::Result result);
  // What follows once a connection has done what it was opened for.
  void Served(int fd);

  // Ends of a connection, each counted under its own name (dialer_endings.cc).
  void FailAttempt(Phase phase, int code, const SourceSocket& socket);
  void FailForTuples();
  void FailHandshake(uint32_t slot, Phase phase, int code);
  void EndHeld(int fd, Phase phase, int code);
  void NoteDead(int fd, int code);
  // What the kernel says of a connection that ends too early.
  void NoteEarlyEnd(int fd, Phase phase, int code);
  void CompleteTransaction(int fd);
  void CloseHeld(int fd);
  [[nodiscard]] std::string DescribeTuple(int fd, uint32_t target) const;

  TableContext& context_;
  const DialOptions& options_;
  const int64_t window_;
  // In a churn: connections of this table at a time.
  const int64_t share_;
  SourceSockets sources_;
  Handshakes handshakes_;
  IcmpSample icmp_;
  std::optional<Exchange> exchange_;
  // Probes in a row that found the handshake still under way.
  uint32_t missed_probes_ = 0;
  // Transactions of a churn that failed since the last one that did not, and when the next may be
  // tried after so many.
  uint64_t failed_in_a_row_ = 0;
  int64_t next_try_ns_ = 0;
  bool finished_ = false;
  bool full_ = false;
};

}  // namespace c1m
