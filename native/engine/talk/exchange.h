// Exchanges data on established connections: one message and its answer, once or as a heartbeat.
//
// No memory is allocated for a message and no answer is kept: twelve bytes per connection hold the
// progress of both, and one buffer per table receives the data.
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
  // What an event has caused.
  enum class Outcome : uint8_t {
    // Nothing to do: the exchange is not complete yet, or there is none.
    kInProgress,
    // The current exchange is complete.
    kComplete,
    // The connection has ended; `error` of the result tells why.
    kEnded,
  };
  struct Result {
    Outcome outcome = Outcome::kInProgress;
    // ENODATA: the peer closed instead of answering. EBADMSG: the answer was wrong. ETIMEDOUT: the
    // peer did not answer, or did not close, in time. 0: the peer closed when it was allowed to.
    // Otherwise the errno of the broken connection.
    int error = 0;
    // Whether an exchange was in progress.
    bool cut_short = false;
  };

  // The maximum lengths of a message and of an answer.
  static constexpr uint64_t kMaxMessageBytes = (1U << 28) - 1;
  static constexpr uint64_t kMaxAnswerBytes = (1U << 29) - 1;

  Exchange(TableContext& context, const ExchangeOptions& options);

  // Whether our side sends first.
  [[nodiscard]] bool speaks_first() const { return !options_.send.empty(); }
  // Sends as much of a first message as possible before it is known whether the handshake has
  // ended. Returns the number of bytes, or -1 with the errno of send(2).
  [[nodiscard]] ssize_t Offer(int fd) const;
  // Begins an exchange on an idle connection that was due at `intended_ns`; `sent` bytes of the
  // message have already been sent.
  Result Begin(int fd, int64_t intended_ns, size_t sent = 0);
  // Handles an event of the connection.
  Result OnEvent(int fd, uint32_t events);
  // The events to register the connection for; EPOLLOUT only if a send may stall.
  [[nodiscard]] uint32_t Wanted(int fd) {
    return options_.every_ns > 0 || stage(fd) == Stage::kSending ? kTalkEvents : kHeldEvents;
  }

  // Called after the exchange: waits for the peer to close, with the same timeout as for an answer.
  void AwaitClose(int fd);

  // Describes the progress of a connection that ends too early with `error`.
  [[nodiscard]] Ending Describe(int fd, Phase phase, int error);
  // The beginning of a wrong or incomplete answer, if that of this connection is the one kept;
  // without the name of the connection.
  [[nodiscard]] std::optional<WrongAnswer::Sample> Seen(int fd);

  // Exchanges in progress that are the first ones of their connections.
  [[nodiscard]] int first_in_progress() const { return first_in_progress_; }
  // Forgets the exchange of a connection that is about to be closed.
  void Forget(int fd);

  // Begins the heartbeats that are due and ends the exchanges that have timed out; calls
  // `on_result(fd, result)` for each with a result. Returns when it must be called again: 0 for at
  // once, Reactor::kForever for only after an event.
  template <typename OnResult>
  int64_t Step(int64_t now_ns, OnResult&& on_result) {
    return std::min(Beat(now_ns, on_result), Expire(now_ns, on_result));
  }

 private:
  enum class Stage : uint8_t { kIdle, kSending, kAwaiting, kAwaitingClose };
  struct Record {
    // When the exchange was due, in microseconds since the start of the run. Wraps around after 71
    // minutes, which is far longer than any timeout.
    uint32_t intended_us;
    uint32_t stage : 2;
    // Completed exchanges of this connection; saturates: 3 means 3 or more.
    uint32_t talked : 2;
    uint32_t sent : 28;
    // Bytes of the answer received so far; an answer may begin before the whole message is sent.
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
  // Adds places for descriptors that were opened during the round; the round continues at the same
  // fraction of the period.
  void WidenRound();
  // The time of the next place within the period.
  [[nodiscard]] int64_t PlaceNs() const;
  [[nodiscard]] int FdAt(uint32_t place) const;
  Result Send(int fd);
  Result Receive(int fd, uint32_t events);
  // Heartbeats begun between two polls for events.
  static constexpr int kBeatsPerStep = 64;

  // Compares received bytes with the expected answer; false if they differ.
  bool Match(int fd, std::string_view bytes);
  // Keeps the beginning of an incomplete answer.
  void KeepPart(int fd, std::string_view bytes);
  // Keeps a wrong answer around its first wrong byte, which follows `same` correct ones of `bytes`.
  void KeepWrong(int fd, std::string_view bytes, size_t same);
  [[nodiscard]] bool HasKept(int fd);
  // The offset from which to show an answer whose first wrong byte is at `differs_at`.
  static uint64_t OffsetShown(uint64_t differs_at);
  // Reads what the peer sent before it ended a connection on which a send has failed.
  Result ReadRemaining(int fd, int error);
  // Completes the exchange once the message is sent and the answer received.
  Result Advance(Record& record);
  void Finish(Record& record);
  // The result for a connection that has ended; `error` 0: by FIN.
  Result Ended(int fd, int error);

  template <typename OnResult>
  int64_t Beat(int64_t now_ns, OnResult& on_result);
  template <typename OnResult>
  int64_t Expire(int64_t now_ns, OnResult& on_result);

  TableContext& context_;
  const ExchangeOptions& options_;
  std::vector<Record> records_;
  int in_progress_ = 0;
  int first_in_progress_ = 0;
  // The heartbeat goes round the table once per period. Descriptor n is due at the fraction of the
  // period whose binary digits are those of n in reverse order. So the beats of a table are spread
  // evenly however full it is, and none moves when more connections are opened.
  int64_t round_began_ns_ = 0;
  uint32_t next_place_ = 0;
  // There are 1 << place_bits_ places, at least as many as descriptors.
  uint32_t place_bits_ = 0;
  int64_t next_expiry_ns_ = 0;
  // The beginning of the last answer that was wrong or incomplete.
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
      // Skips missed periods after a stall, because catching up would only send an unintended
      // burst.
      if (now_ns - round_began_ns_ > options_.every_ns) round_began_ns_ = now_ns;
    }
    const int64_t due_ns = round_began_ns_ + PlaceNs();
    if (due_ns > now_ns) return due_ns;
    const int fd = FdAt(next_place_++);
    // Skips a connection that still waits for its previous answer; Finish records the missing
    // latencies.
    if (fd >= context_.connections.end() ||
        context_.connections.state(fd) != ConnectionState::kDialed || stage(fd) != Stage::kIdle) {
      continue;
    }
    // Even after a pause of this process the peer has half the timeout to answer.
    const Result result = Begin(fd, std::max(due_ns, now_ns - options_.timeout_ns / 2));
    if (result.outcome != Outcome::kInProgress) on_result(fd, result);
    ++begun;
  }
  return 0;
}

template <typename OnResult>
int64_t Exchange::Expire(int64_t now_ns, OnResult& on_result) {
  if (in_progress_ == 0) return Reactor::kForever;
  if (now_ns < next_expiry_ns_) return next_expiry_ns_;
  const uint32_t now_us = Microseconds(now_ns);
  const auto limit_us = static_cast<int64_t>(options_.timeout_ns / kNsPerUs);
  for (int fd = 0; fd < context_.connections.end(); ++fd) {
    if (stage(fd) == Stage::kIdle) continue;
    // Signed, because an exchange may have begun after `now_ns` was read.
    const auto age_us = static_cast<int32_t>(now_us - at(fd).intended_us);
    if (age_us < limit_us) continue;
    // The answer may have arrived without having been read yet.
    Result result = Receive(fd, kMaybeEnded);
    if (result.outcome == Outcome::kInProgress) {
      result = {.outcome = Outcome::kEnded, .error = ETIMEDOUT, .cut_short = true};
    }
    on_result(fd, result);
  }
  // At most an eighth of the timeout late, so that these walks over the table, each of
  // microseconds, are rare.
  next_expiry_ns_ = now_ns + options_.timeout_ns / 8;
  return next_expiry_ns_;
}

}  // namespace c1m
