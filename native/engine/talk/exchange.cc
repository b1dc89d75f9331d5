#include "native/engine/talk/exchange.h"

#include <sys/socket.h>

#include <cerrno>
#include <cmath>

#include "native/net/clock.h"

namespace c1m {
namespace {

// Reads per turn before other connections are served.
constexpr int kReadsPerTurn = 16;

}  // namespace

Exchange::Exchange(TableContext& context, const ExchangeOptions& options)
    : context_(context),
      options_(options),
      records_(static_cast<size_t>(context.connections.capacity())) {}

uint32_t Exchange::Microseconds(int64_t ns) const {
  return static_cast<uint32_t>((ns - context_.run.started_ns) / kNsPerUs);
}

void Exchange::SetStage(Record& record, Stage stage) {
  const bool was = record.stage != static_cast<uint32_t>(Stage::kIdle);
  const bool is = stage != Stage::kIdle;
  in_progress_ += static_cast<int>(is) - static_cast<int>(was);
  if (record.talked == 0) first_in_progress_ += static_cast<int>(is) - static_cast<int>(was);
  record.stage = static_cast<uint32_t>(stage);
}

void Exchange::WidenRound() {
  while (int64_t{1} << place_bits_ < context_.connections.end()) {
    ++place_bits_;
    next_place_ <<= 1;
  }
}

int64_t Exchange::PlaceNs() const {
  const auto period_ns = static_cast<double>(options_.every_ns);
  return static_cast<int64_t>(std::ldexp(period_ns * next_place_, -static_cast<int>(place_bits_)));
}

int Exchange::FdAt(uint32_t place) const {
  uint32_t reversed = 0;
  for (uint32_t i = 0; i < place_bits_; ++i) reversed |= (place >> i & 1) << (place_bits_ - 1 - i);
  return static_cast<int>(reversed);
}

ssize_t Exchange::Offer(int fd) const {
  return ::send(fd, options_.send.data(), options_.send.size(), MSG_NOSIGNAL);
}

Exchange::Result Exchange::Begin(int fd, int64_t intended_ns, size_t sent) {
  Record& record = at(fd);
  context_.counters.dialed_bytes_sent.Add(sent);
  record.intended_us = Microseconds(intended_ns);
  record.sent = static_cast<uint32_t>(sent);
  record.received = 0;
  SetStage(record, Stage::kSending);
  return Send(fd);
}

void Exchange::AwaitClose(int fd) {
  at(fd).intended_us = Microseconds(NowNs());
  SetStage(at(fd), Stage::kAwaitingClose);
}

void Exchange::Forget(int fd) {
  SetStage(at(fd), Stage::kIdle);
  at(fd) = {};
}

Exchange::Result Exchange::Send(int fd) {
  Record& record = at(fd);
  const std::string& message = options_.send;
  while (record.sent < message.size()) {
    const ssize_t sent =
        ::send(fd, message.data() + record.sent, message.size() - record.sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) return {};
      if (errno == EINTR) continue;
      return ReadRemaining(fd, errno);
    }
    context_.counters.dialed_bytes_sent.Add(static_cast<uint64_t>(sent));
    record.sent += static_cast<uint32_t>(sent);
  }
  SetStage(record, Stage::kAwaiting);
  return Advance(record);
}

Exchange::Result Exchange::OnEvent(int fd, uint32_t events) {
  if ((events & EPOLLOUT) != 0 && stage(fd) == Stage::kSending) {
    const Result sent = Send(fd);
    if (sent.outcome != Outcome::kInProgress) return sent;
  }
  return (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0 ? Receive(fd, events) : Result{};
}

Exchange::Result Exchange::Receive(int fd, uint32_t events) {
  Record& record = at(fd);
  Result result;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t got = ::recv(fd, context_.buffer.data(), context_.buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return result;
    if (got <= 0) return Ended(fd, got < 0 ? errno : 0);
    const auto count = static_cast<size_t>(got);
    context_.counters.dialed_bytes_received.Add(count);
    // Data that was not asked for, or exceeds the expected answer, is discarded.
    if (Unanswered(fd)) {
      if (!Match(fd, {context_.buffer.data(), count})) {
        return {.outcome = Outcome::kEnded, .error = EBADMSG, .cut_short = true};
      }
      result = Advance(record);
    }
    if (ReadAll(got, context_.buffer, events)) return result;
  }
  context_.Revisit(fd);
  return result;
}

Exchange::Result Exchange::Ended(int fd, int error) {
  const bool unanswered = Unanswered(fd);
  if (unanswered && error == 0) error = ENODATA;
  if (stage(fd) == Stage::kAwaitingClose) {
    if (error == ECONNRESET) error = 0;
    return {.outcome = Outcome::kEnded, .error = error, .cut_short = error != 0};
  }
  return {.outcome = Outcome::kEnded, .error = error, .cut_short = unanswered};
}

// The failed send(2) has consumed the error of the socket. Data that arrived before is still
// readable and may tell the reason.
Exchange::Result Exchange::ReadRemaining(int fd, int error) {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t got = ::recv(fd, context_.buffer.data(), context_.buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    context_.counters.dialed_bytes_received.Add(static_cast<uint64_t>(got));
    if (!Match(fd, {context_.buffer.data(), static_cast<size_t>(got)})) {
      return {.outcome = Outcome::kEnded, .error = EBADMSG, .cut_short = true};
    }
  }
  return {.outcome = Outcome::kEnded, .error = error, .cut_short = true};
}

bool Exchange::Match(int fd, std::string_view bytes) {
  Record& record = at(fd);
  const uint64_t missing = expected_bytes() - record.received;
  const std::string_view wanted = bytes.substr(0, missing);
  if (options_.expect.empty()) {
    if (wanted.size() < missing) KeepPart(fd, wanted);
  } else {
    const auto expected = std::string_view(options_.expect).substr(record.received, wanted.size());
    if (expected != wanted) {
      const auto same = std::mismatch(expected.begin(), expected.end(), wanted.begin());
      KeepWrong(fd, bytes, static_cast<size_t>(same.first - expected.begin()));
      return false;
    }
  }
  record.received += static_cast<uint32_t>(wanted.size());
  return true;
}

void Exchange::KeepPart(int fd, std::string_view bytes) {
  const Record& record = at(fd);
  if (record.received >= WrongAnswer::kShownBytes || context_.run.wrong_answer.taken()) return;
  if (record.received == 0) {
    kept_.clear();
  } else if (!HasKept(fd)) {
    // The answer of another connection has replaced the beginning of this one.
    return;
  }
  kept_ += bytes.substr(0, WrongAnswer::kShownBytes - kept_.size());
  kept_offset_ = 0;
  kept_fd_ = fd;
  kept_us_ = record.intended_us;
}

void Exchange::KeepWrong(int fd, std::string_view bytes, size_t same) {
  if (context_.run.wrong_answer.taken()) return;
  const Record& record = at(fd);
  kept_offset_ = OffsetShown(record.received + same);
  // The bytes before matched the expected answer.
  const size_t before = record.received - std::min<size_t>(record.received, kept_offset_);
  kept_ = options_.expect.substr(record.received - before, before);
  const size_t skipped = kept_offset_ - (record.received - before);
  kept_ += bytes.substr(skipped, WrongAnswer::kShownBytes - kept_.size());
  kept_fd_ = fd;
  kept_us_ = record.intended_us;
}

bool Exchange::HasKept(int fd) { return kept_fd_ == fd && kept_us_ == at(fd).intended_us; }

uint64_t Exchange::OffsetShown(uint64_t differs_at) {
  constexpr uint64_t kBefore = 16;
  return differs_at < WrongAnswer::kShownBytes ? 0 : differs_at - kBefore;
}

std::optional<WrongAnswer::Sample> Exchange::Seen(int fd) {
  const uint64_t received = at(fd).received;
  WrongAnswer::Sample sample;
  if (HasKept(fd)) {
    sample.offset = kept_offset_;
    sample.received = kept_;
  } else if (received > 0 && !options_.expect.empty()) {
    sample.offset = OffsetShown(received);
    sample.received = options_.expect.substr(sample.offset, received - sample.offset);
  } else {
    return std::nullopt;
  }
  const size_t from = std::min<size_t>(sample.offset, options_.expect.size());
  sample.expected = options_.expect.substr(from, WrongAnswer::kShownBytes);
  return sample;
}

Ending Exchange::Describe(int fd, Phase phase, int error) {
  const Record& record = at(fd);
  return {.phase = phase,
          .error = error,
          .answered_before = record.talked > 0,
          .awaits_close = stage(fd) == Stage::kAwaitingClose,
          .all_sent = record.sent == options_.send.size(),
          .partial = Unanswered(fd) && record.received > 0,
          .message_bytes = options_.send.size(),
          .elapsed_ns =
              int64_t{Microseconds(NowNs()) - record.intended_us} * static_cast<int64_t>(kNsPerUs)};
}

Exchange::Result Exchange::Advance(Record& record) {
  const bool sent = record.stage == static_cast<uint32_t>(Stage::kAwaiting);
  if (!sent || record.received < expected_bytes()) return {};
  Finish(record);
  return {.outcome = Outcome::kComplete};
}

void Exchange::Finish(Record& record) {
  SetStage(record, Stage::kIdle);
  context_.counters.exchanges.Add();
  context_.counters.settled_exchanges.Add(record.talked >> 1);
  record.talked = std::min<uint32_t>(record.talked + 1, 3);
  const uint32_t taken_us = Microseconds(NowNs()) - record.intended_us;
  int64_t latency_ns = int64_t{taken_us} * kNsPerUs;
  context_.worker.exchange_latency.Record(latency_ns);
  // Heartbeats that became due during the wait for this answer would have waited too. Recording
  // them keeps a stall of many periods from counting as a single slow answer (coordinated
  // omission).
  if (options_.every_ns == 0) return;
  for (latency_ns -= options_.every_ns; latency_ns > 0; latency_ns -= options_.every_ns) {
    context_.worker.exchange_latency.Record(latency_ns);
  }
}

}  // namespace c1m
