// Talking on established connections: bytes out, bytes back, once or as a heartbeat.
//
// Nothing is allocated for a message and nothing is kept of an answer: twelve bytes a connection
// say how far both have got, and one buffer per table takes what arrives.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/engine/state/table_context.h"
#include "native/engine/talk/end_cause.h"
#include "native/engine/talk/peer_input.h"
#include "native/net/clock.h"

namespace c1m {

class Exchange {
 public:
  // What an event has led to.
  enum class Outcome : uint8_t {
    // Nothing to act on: bytes are still missing, or there is no exchange under way.
    kGoesOn,
    // The exchange that was under way is complete.
    kComplete,
    // The connection is over; `error` in the result says how.
    kOver,
  };
  struct Result {
    Outcome outcome = Outcome::kGoesOn;
    // ENODATA: the peer closed instead of answering. EBADMSG: it answered something else.
    // ETIMEDOUT: it did not answer, or close, in time. 0: it closed when it might. Otherwise the
    // errno of the broken connection.
    int error = 0;
    // Whether it happened to an exchange, and not to a connection that had nothing under way.
    bool cut_short = false;
  };

  // Longest message, and longest answer.
  static constexpr uint64_t kMaxMessageBytes = (1U << 28) - 1;
  static constexpr uint64_t kMaxAnswerBytes = (1U << 29) - 1;

  Exchange(TableContext& context, const ExchangeOptions& options);

  // Whether the first word is ours.
  [[nodiscard]] bool speaks_first() const { return !options_.send.empty(); }
  // Sends what it can of a first message, before anybody knows whether the handshake is over: how
  // much, or -1 with errno as send(2) has it.
  [[nodiscard]] ssize_t Offer(int fd) const;
  // Begins the exchange of a connection that has none under way, which was meant to begin at
  // `intended_ns`. So many bytes of the message have been sent already.
  Result Begin(int fd, int64_t intended_ns, size_t sent = 0);
  // An event of the connection.
  Result OnEvent(int fd, uint32_t events);
  // What to register the connection for: room to send in only where it may be waited for.
  [[nodiscard]] uint32_t Wanted(int fd) {
    return options_.every_ns > 0 || stage(fd) == Stage::kSending ? kTalkEvents : kHeldEvents;
  }

  // After the exchange: waits for the peer to close, as long as it would wait for an answer.
  void AwaitClose(int fd);

  // How far a connection had come that ends with `error` before its time.
  [[nodiscard]] Ending Describe(int fd, Phase phase, int error);
  // The beginning of what came instead of the expected answer, when it is the one of this
  // connection that was read last; without the name of the connection.
  [[nodiscard]] std::optional<WrongAnswer::Sample> Seen(int fd);

  // Exchanges under way that are the first of their connection.
  [[nodiscard]] int first_underway() const { return first_underway_; }
  // Forgets the exchange of a connection that is about to be closed.
  void Forget(int fd);

  // Begins the heartbeats that are due and ends the exchanges whose time is up, calling
  // `on_result(fd, result)` for each that led to something. Returns the moment at which it
  // is to be called again: 0 for at once, Reactor::kForever for only after an event.
  template <typename OnResult>
  int64_t Step(int64_t now_ns, OnResult&& on_result) {
    return std::min(Beat(now_ns, on_result), Expire(now_ns, on_result));
  }

 private:
  enum class Stage : uint8_t { kIdle, kSending, kAwaiting, kAwaitingClose };
  struct Record {
    // When the exchange was meant to begin, in microseconds since the run began; wraps after 71
    // minutes, far beyond any exchange's timeout.
    uint32_t intended_us;
    uint32_t stage : 2;
    // Exchanges of this connection that were completed; 3: three or more.
    uint32_t talked : 2;
    uint32_t sent : 28;
    // Bytes of the answer that have come; some may while the message is still on its way out.
    uint32_t received;
  };
  static_assert(sizeof(Record) + ConnectionStates::kRecordBytes <= 16,
                "the memory promise of this engine: at most 16 bytes a connection");

  [[nodiscard]] Stage stage(int fd) { return static_cast<Stage>(at(fd).stage); }
  [[nodiscard]] bool Unanswered(int fd) {
    return stage(fd) == Stage::kSending || stage(fd) == Stage::kAwaiting;
  }
  void SetStage(Record& record, Stage stage);
  [[nodiscard]] Record& at(int fd) { return records_[static_cast<size_t>(fd)]; }
  [[nodiscard]] uint32_t Microseconds(int64_t ns) const;
  [[nodiscard]] uint64_t expected_bytes() const {
    return options_.expect.empty() ? options_.expect_bytes : options_.expect.size();
  }
  // Makes room for descriptors that came during the round; it goes on at the same fraction.
  void WidenRound();
  // How far into the period the next place is.
  [[nodiscard]] int64_t PlaceNs() const;
  [[nodiscard]] int FdAt(uint32_t place) const;
  Result Send(int fd);
  Result Receive(int fd, uint32_t events);
  // Heartbeats begun between two looks at events.
  static constexpr int kBeatsPerStep = 64;

  // Takes bytes of the answer; false when they are not what was expected.
  bool Match(int fd, std::string_view bytes);
  // Keeps the beginning of an answer of which only a part has come.
  void KeepPart(int fd, std::string_view bytes);
  // Keeps an answer around the first byte that differs, which comes after `same` of these.
  void KeepWrong(int fd, std::string_view bytes, size_t same);
  [[nodiscard]] bool HasKept(int fd);
  // Where to begin to show an answer that differs there.
  static uint64_t OffsetShown(uint64_t differs_at);
  // What the peer said before it ended a connection to which we can't send.
  Result LastWords(int fd, int error);
  // Ends the exchange when both halves of it are complete.
  Result Advance(Record& record);
  void Finish(Record& record);
  // How a connection from which nothing more can be read has ended; `error` 0: by FIN.
  Result Ended(int fd, int error);

  template <typename OnResult>
  int64_t Beat(int64_t now_ns, OnResult& on_result);
  template <typename OnResult>
  int64_t Expire(int64_t now_ns, OnResult& on_result);

  TableContext& context_;
  const ExchangeOptions& options_;
  std::vector<Record> records_;
  int underway_ = 0;
  int first_underway_ = 0;
  // The heartbeat's round over the table, one a period. Descriptor n has its beat at that fraction
  // of the period whose binary digits are those of n in reverse order: so a table is spread evenly
  // however far it is filled, and none moves when it fills further.
  int64_t round_began_ns_ = 0;
  uint32_t next_place_ = 0;
  // There are 1 << place_bits_ places, at least as many as descriptors.
  uint32_t place_bits_ = 0;
  int64_t next_expiry_ns_ = 0;
  // The beginning of the answer that was last found to be wrong, or had only come in part.
  int kept_fd_ = -1;
  uint32_t kept_us_ = 0;
  uint64_t kept_offset_ = 0;
  std::string kept_;
};

template <typename OnResult>
int64_t Exchange::Beat(int64_t now_ns, OnResult& on_result) {
  if (options_.every_ns == 0) return Reactor::kForever;
  if (round_began_ns_ == 0) round_began_ns_ = now_ns;
  for (int begun = 0; begun < kBeatsPerStep;) {
    WidenRound();
    if (next_place_ >> place_bits_ != 0) {
      next_place_ = 0;
      round_began_ns_ += options_.every_ns;
      // Catching up on whole periods after a stall would only send a burst nobody planned.
      if (now_ns - round_began_ns_ > options_.every_ns) round_began_ns_ = now_ns;
    }
    const int64_t due_ns = round_began_ns_ + PlaceNs();
    if (due_ns > now_ns) return due_ns;
    const int fd = FdAt(next_place_++);
    // A connection that still waits for its last answer is not asked again; Finish makes up for it
    // in the latencies.
    if (fd >= context_.connections.end() ||
        context_.connections.state(fd) != ConnectionState::kDialed || stage(fd) != Stage::kIdle) {
      continue;
    }
    // After a pause of ours the peer still has half its time to answer in.
    const Result result = Begin(fd, std::max(due_ns, now_ns - options_.timeout_ns / 2));
    if (result.outcome != Outcome::kGoesOn) on_result(fd, result);
    ++begun;
  }
  return 0;
}

template <typename OnResult>
int64_t Exchange::Expire(int64_t now_ns, OnResult& on_result) {
  if (underway_ == 0) return Reactor::kForever;
  if (now_ns < next_expiry_ns_) return next_expiry_ns_;
  const uint32_t now_us = Microseconds(now_ns);
  const auto limit_us = static_cast<int64_t>(options_.timeout_ns / kNsPerUs);
  for (int fd = 0; fd < context_.connections.end(); ++fd) {
    if (stage(fd) == Stage::kIdle) continue;
    // Signed: an exchange may have begun after `now_ns` was read.
    const auto age_us = static_cast<int32_t>(now_us - at(fd).intended_us);
    if (age_us < limit_us) continue;
    // The answer may have been there for a while, had we only looked.
    Result result = Receive(fd, kMaybeEnded);
    if (result.outcome == Outcome::kGoesOn) {
      result = {.outcome = Outcome::kOver, .error = ETIMEDOUT, .cut_short = true};
    }
    on_result(fd, result);
  }
  // Late by an eighth of the timeout at most, for a walk over the table that takes microseconds.
  next_expiry_ns_ = now_ns + options_.timeout_ns / 8;
  return next_expiry_ns_;
}

}  // namespace c1m
