#include "native/engine/talk/end_cause.h"

#include <doctest/doctest.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "native/net/clock.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

constexpr Ending kTimedOut{
    .phase = Phase::kExchange, .error = ETIMEDOUT, .all_sent = true, .message_bytes = 100};

template <typename Set>
TcpInfo Info(Set&& set) {
  TcpInfo info{};
  set(info);
  return info;
}

EndCause CauseOf(const Ending& ending, const TcpInfo& info) {
  return DescribeEnd(ending, info, sizeof(info)).cause;
}

Ending With(Ending ending, int error) {
  ending.error = error;
  return ending;
}

Ending AnsweredBefore(Ending ending) {
  ending.answered_before = true;
  return ending;
}

Ending OfBytes(uint64_t bytes) {
  Ending ending = kTimedOut;
  ending.message_bytes = bytes;
  return ending;
}

ExchangeOptions Asking(std::string send, std::string expect) {
  return {.send = std::move(send), .expect = std::move(expect), .timeout_ns = kPatienceNs};
}

// One connection to the listener with this exchange.
RunOptions ExchangeRun(const UniqueFd& listener, ExchangeOptions exchange) {
  DialOptions dial = DialTo({LocalAddress(listener)}, 1);
  dial.exchange = std::move(exchange);
  return DialRun(std::move(dial));
}

}  // namespace

TEST_CASE("end_cause: data that was retransmitted and not acknowledged is lost") {
  const TcpInfo lost = Info([](TcpInfo& info) {
    info.unacked = 2;
    info.total_retrans = 3;
  });
  CHECK(CauseOf(kTimedOut, lost) == EndCause::kUnacknowledged);
  CHECK(CauseOf(OfBytes(4096), lost) == EndCause::kOversized);
  CHECK(CauseOf(AnsweredBefore(kTimedOut), lost) == EndCause::kSilenced);
}

TEST_CASE("end_cause: a peer that repeats its SYN-ACK does not have the connection") {
  const TcpInfo repeated = Info([](TcpInfo& info) {
    info.unacked = 1;
    info.total_retrans = 3;
    info.bytes_acked = 1;
    info.segs_in = 3;
  });
  CHECK(CauseOf(kTimedOut, repeated) == EndCause::kHalfOpen);
  CHECK(CauseOf(OfBytes(4096), repeated) == EndCause::kHalfOpen);
  TcpInfo selective = repeated;
  selective.sacked = 1;
  CHECK(CauseOf(OfBytes(4096), selective) == EndCause::kOversized);
}

TEST_CASE("end_cause: before the first retransmit the cause is unknown") {
  CHECK(CauseOf(kTimedOut, Info([](TcpInfo& info) { info.unacked = 1; })) == EndCause::kTooSoon);
  Ending retried = kTimedOut;
  retried.syn_retries = 2;
  CHECK(CauseOf(retried, Info([](TcpInfo& info) {
                  info.unacked = 1;
                  info.total_retrans = 2;
                })) == EndCause::kTooSoon);
}

TEST_CASE("end_cause: unsent data tells a closed window from a silent application") {
  CHECK(CauseOf(kTimedOut, Info([](TcpInfo& info) { info.notsent_bytes = 1000; })) ==
        EndCause::kNotReading);
  CHECK(CauseOf(kTimedOut, {}) == EndCause::kUnanswered);
  Ending closing = kTimedOut;
  closing.awaits_close = true;
  CHECK(CauseOf(closing, {}) == EndCause::kUnclosed);
}

TEST_CASE("end_cause: segments of the answer beyond a gap mean that its beginning is lost") {
  const TcpInfo gap = Info([](TcpInfo& info) { info.rcv_ooopack = 1; });
  CHECK(CauseOf(kTimedOut, gap) == EndCause::kAnswerLost);
  // They may belong to an earlier answer, and an old kernel does not report them.
  CHECK(CauseOf(AnsweredBefore(kTimedOut), gap) == EndCause::kUnanswered);
  CHECK(DescribeEnd(kTimedOut, gap, offsetof(TcpInfo, rcv_ooopack)).cause == EndCause::kUnanswered);
}

TEST_CASE("end_cause: a reset by data after an answer is that of a forgotten connection") {
  const TcpInfo met = Info([](TcpInfo& info) {
    info.bytes_acked = 11;
    info.bytes_sent = 20;
  });
  const TcpInfo between = Info([](TcpInfo& info) {
    info.bytes_acked = 21;
    info.bytes_sent = 20;
  });
  for (const int error : {ECONNRESET, EPIPE}) {
    CHECK(CauseOf(AnsweredBefore(With(kTimedOut, error)), met) == EndCause::kCutOff);
    CHECK(CauseOf(AnsweredBefore(With(kTimedOut, error)), between) == EndCause::kReset);
    CHECK(CauseOf(With(kTimedOut, error), met) == EndCause::kReset);
  }
}

TEST_CASE("end_cause: idle connections end by FIN, by RST or by silence") {
  CHECK(CauseOf({.error = 0}, {}) == EndCause::kHeldClosed);
  CHECK(CauseOf({.error = ECONNRESET}, {}) == EndCause::kHeldReset);
  CHECK(CauseOf({.error = ETIMEDOUT}, {}) == EndCause::kHeldLost);
  CHECK(CauseOf({.error = EHOSTUNREACH}, {}) == EndCause::kHeldLost);
}

TEST_CASE("end_cause: the quiet time before a FIN ends when it arrived, not when it was noticed") {
  const TcpInfo info = Info([](TcpInfo& info) {
    info.state = TCP_CLOSE_WAIT;
    info.last_data_sent_ms = 5000;
    info.last_data_recv_ms = 4900;
    info.last_ack_recv_ms = 900;
  });
  CHECK(DescribeEnd({}, info, sizeof(info)).quiet_ns == 4000 * kNsPerMs);
}

TEST_CASE("end_cause: the quiet time before a lost message excludes the wait for its answer") {
  Ending ending = AnsweredBefore(kTimedOut);
  ending.elapsed_ns = 2000 * kNsPerMs;
  const TcpInfo info = Info([](TcpInfo& info) {
    info.unacked = 1;
    info.last_data_recv_ms = 12'000;
    info.total_retrans = 3;
  });
  CHECK(DescribeEnd(ending, info, sizeof(info)).quiet_ns == 10'000 * kNsPerMs);
}

TEST_CASE("end_cause: the kernel shows that an application does not answer") {
  const UniqueFd listener = Listening();
  ExchangeOptions exchange = Asking("?", "!");
  exchange.timeout_ns = 300 * kNsPerMs;
  ScratchRun run(ExchangeRun(listener, std::move(exchange)));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  REQUIRE(run.Wait(Run::Event::kRamped));
  const auto ends = run->Ends();
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].cause == EndCause::kUnanswered);
  CHECK(ends[0].count == 1);
  CHECK(ends[0].first == 1);
  CHECK(ends[0].unheard == 1);
  CHECK(ends[0].info.bytes_acked == 2);
  CHECK(run.End());
}

TEST_CASE("end_cause: the kernel shows that an application does not read") {
  const UniqueFd listener = Listening();
  ExchangeOptions exchange = Asking(Pattern(32 << 20), "!");
  exchange.timeout_ns = 1000 * kNsPerMs;
  ScratchRun run(ExchangeRun(listener, std::move(exchange)));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  REQUIRE(run.Wait(Run::Event::kRamped));
  const auto ends = run->Ends();
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].cause == EndCause::kNotReading);
  CHECK(run.End());
}

TEST_CASE("end_cause: it tells how long an idle connection was quiet before the peer closed it") {
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(DialTo({LocalAddress(listener)}, 1)));
  const int64_t began_ns = NowNs();
  run.Start();
  UniqueFd peer = Accepted(listener);
  REQUIRE(run.Wait(Run::Event::kRamped));
  const int64_t open_ns = NowNs();
  while (NowNs() - open_ns < 300 * kNsPerMs) {
    REQUIRE(run.totals().dialed_open == 1);
  }
  peer.Reset();
  REQUIRE(Eventually([&] { return run.totals().dialed_closed_by_peer == 1; }));
  const auto ends = run->Ends();
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].cause == EndCause::kHeldClosed);
  // The kernel's clock ticks at least every ten milliseconds.
  CHECK(ends[0].quiet.p50_ns > 280 * kNsPerMs);
  CHECK(ends[0].quiet.p50_ns < static_cast<double>(NowNs() - began_ns + 20 * kNsPerMs));
  CHECK(run.End());
}

TEST_CASE("end_cause: a wrong answer is kept together with the expected one") {
  const UniqueFd listener = Listening();
  ScratchRun run(ExchangeRun(listener, Asking("GET", "HTTP/1.1 200 OK")));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  REQUIRE(SendAll(peer, "HTTP/1.1 503 Busy\r\n"));
  REQUIRE(run.Wait(Run::Event::kRamped));
  const auto wrong = run->Wrong();
  REQUIRE(wrong.has_value());
  CHECK(wrong->offset == 0);
  CHECK(wrong->expected == "HTTP/1.1 200 OK");
  CHECK(wrong->received == "HTTP/1.1 503 Busy\r\n");
  CHECK(wrong->connection.find(" > " + LocalAddress(listener).ToString()) != std::string::npos);
  CHECK(run->Ends().at(0).cause == EndCause::kWrong);
  CHECK(run.End());
}

TEST_CASE(
    "end_cause: a wrong answer that differs late is kept from shortly before the difference") {
  const UniqueFd listener = Listening();
  const std::string expected = Pattern(1000);
  ScratchRun run(ExchangeRun(listener, Asking("?", expected)));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  std::string answer = expected;
  answer[500] = static_cast<char>(answer[500] ^ 1);
  // In two pieces, of which the second one differs.
  REQUIRE(SendAll(peer, answer.substr(0, 490)));
  REQUIRE(Eventually([&] { return run.totals().dialed_bytes_received == 490; }));
  REQUIRE(SendAll(peer, answer.substr(490)));
  REQUIRE(run.Wait(Run::Event::kRamped));
  const auto wrong = run->Wrong();
  REQUIRE(wrong.has_value());
  CHECK(wrong->offset == 484);
  CHECK(wrong->expected == expected.substr(484, 64));
  CHECK(wrong->received == answer.substr(484, 64));
  CHECK(run.End());
}

TEST_CASE("end_cause: a part of an answer is kept if the peer closes in the middle of it") {
  for (const bool any_bytes : {false, true}) {
    const UniqueFd listener = Listening();
    ExchangeOptions exchange = Asking("?", any_bytes ? "" : "hello world");
    if (any_bytes) exchange.expect_bytes = 11;
    ScratchRun run(ExchangeRun(listener, std::move(exchange)));
    run.Start();
    UniqueFd peer = Accepted(listener);
    REQUIRE(Receive(peer, 1) == "?");
    REQUIRE(SendAll(peer, "hel"));
    REQUIRE(Eventually([&] { return run.totals().dialed_bytes_received == 3; }));
    REQUIRE(SendAll(peer, "lo"));
    peer.Reset();
    REQUIRE(run.Wait(Run::Event::kRamped));
    CHECK(run.Errors(Phase::kExchange, ENODATA) == 1);
    const auto wrong = run->Wrong();
    REQUIRE(wrong.has_value());
    CHECK(wrong->received == "hello");
    CHECK(wrong->expected == (any_bytes ? "" : "hello world"));
    CHECK(run->Ends().at(0).partial == 1);
    CHECK(run.End());
  }
}

TEST_CASE("end_cause: data that the peer sent before its reset is read although sending fails") {
  const UniqueFd listener = Listening();
  DialOptions dial = DialTo({LocalAddress(listener)}, 1);
  dial.exchange = Asking(Pattern(32 << 20), "+PONG");
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  UniqueFd peer = Accepted(listener);
  REQUIRE(SendAll(peer, "-ERR go away"));
  Reset(peer);
  REQUIRE(run.Wait(Run::Event::kRamped));
  CHECK(run.Errors(Phase::kExchange, EBADMSG) == 1);
  const auto wrong = run->Wrong();
  REQUIRE(wrong.has_value());
  CHECK(wrong->received == "-ERR go away");
  CHECK(run.End());
}

TEST_CASE("end_cause: if every exchange is answered, there is no early end") {
  ScratchRun run([] {
    RunOptions options = SelfDialRun(50);
    options.listen->mode = ListenMode::kEcho;
    options.dial->exchange = Asking("echo", "echo");
    return options;
  }());
  run.Start();
  REQUIRE(run.Wait(Run::Event::kRamped));
  CHECK(run->Ends().empty());
  CHECK_FALSE(run->Wrong().has_value());
  CHECK(run.End());
}

}  // namespace c1m::test
