#include "native/engine/exchange.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "native/net/clock.h"

namespace c1m {
namespace {

// Reads in one turn before other connections get theirs.
constexpr int kReadsPerTurn = 16;

}  // namespace

Exchange::Exchange(WorkerContext& context, const ExchangeOptions& options)
    : context_(context),
      options_(options),
      records_(static_cast<size_t>(context.table.capacity())) {}

uint32_t Exchange::Microseconds(int64_t ns) const {
  return static_cast<uint32_t>((ns - context_.run.started_ns) / kNsPerUs);
}

void Exchange::SetStage(Record& record, Stage stage) {
  const bool was = record.stage != static_cast<uint32_t>(Stage::kIdle);
  const bool is = stage != Stage::kIdle;
  underway_ += static_cast<int>(is) - static_cast<int>(was);
  if (record.talked == 0) first_underway_ += static_cast<int>(is) - static_cast<int>(was);
  record.stage = static_cast<uint32_t>(stage);
}

Exchange::Result Exchange::Begin(int fd, int64_t intended_ns) {
  Record& record = at(fd);
  record.intended_us = Microseconds(intended_ns);
  record.progress = 0;
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
  while (record.progress < message.size()) {
    const ssize_t sent = ::send(fd, message.data() + record.progress,
                                message.size() - record.progress, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) return {};
      if (errno == EINTR) continue;
      return {.outcome = Outcome::kOver, .error = errno};
    }
    context_.counters.dialed_bytes_sent.Add(static_cast<uint64_t>(sent));
    record.progress += static_cast<uint32_t>(sent);
  }
  SetStage(record, Stage::kAwaiting);
  record.progress = 0;
  return expected_bytes() == 0 ? Finish(record) : Result{};
}

Exchange::Result Exchange::OnEvent(int fd, uint32_t events) {
  if ((events & EPOLLOUT) != 0 && stage(fd) == Stage::kSending) {
    const Result sent = Send(fd);
    if (sent.outcome != Outcome::kGoesOn) return sent;
  }
  return (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0 ? Receive(fd) : Result{};
}

Exchange::Result Exchange::Receive(int fd) {
  Record& record = at(fd);
  Result result;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t got = ::recv(fd, context_.buffer.data(), context_.buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return result;
    if (got <= 0) {
      const bool unanswered = stage(fd) == Stage::kSending || stage(fd) == Stage::kAwaiting;
      return {.outcome = Outcome::kOver, .error = got < 0 ? errno : unanswered ? ENODATA : 0};
    }
    const auto count = static_cast<size_t>(got);
    context_.counters.dialed_bytes_received.Add(count);
    // What comes without being asked for, or beyond what was expected, is read and dropped.
    if (stage(fd) == Stage::kIdle || stage(fd) == Stage::kAwaitingClose) continue;
    if (!Match(record, {context_.buffer.data(), count})) {
      return {.outcome = Outcome::kOver, .error = EBADMSG};
    }
    if (record.progress == expected_bytes()) result = Finish(record);
  }
  context_.Revisit(fd);
  return result;
}

bool Exchange::Match(Record& record, std::string_view bytes) {
  // An answer before the question is complete is not an answer to it.
  if (record.stage == static_cast<uint32_t>(Stage::kSending)) return false;
  const uint64_t missing = expected_bytes() - record.progress;
  const std::string_view wanted = bytes.substr(0, missing);
  if (!options_.expect.empty() &&
      std::string_view(options_.expect).substr(record.progress, wanted.size()) != wanted) {
    return false;
  }
  record.progress += static_cast<uint32_t>(wanted.size());
  return true;
}

Exchange::Result Exchange::Finish(Record& record) {
  SetStage(record, Stage::kIdle);
  record.talked = 1;
  record.progress = 0;
  context_.counters.exchanges.Add();
  const uint32_t taken_us = Microseconds(NowNs()) - record.intended_us;
  int64_t latency_ns = int64_t{taken_us} * kNsPerUs;
  context_.lane.exchange_latency.Record(latency_ns);
  // Heartbeats that fell due while this answer was awaited would have waited too: without them a
  // stall of many periods counts as one slow answer (coordinated omission).
  if (options_.every_ns == 0) return {.outcome = Outcome::kComplete};
  for (latency_ns -= options_.every_ns; latency_ns > 0; latency_ns -= options_.every_ns) {
    context_.lane.exchange_latency.Record(latency_ns);
  }
  return {.outcome = Outcome::kComplete};
}

}  // namespace c1m
