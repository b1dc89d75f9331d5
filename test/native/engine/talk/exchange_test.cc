#include "native/engine/talk/exchange.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

// One connection to the listener on which `exchange` runs.
RunOptions ExchangeRun(const UniqueFd& listener, ExchangeOptions exchange) {
  DialOptions dial = DialTo({LocalAddress(listener)}, 1);
  if (exchange.timeout_ns == 0) exchange.timeout_ns = kPatienceNs;
  dial.exchange = std::move(exchange);
  return DialRun(std::move(dial));
}

// Waits until data was sent and discarded, so that later data is not part of it.
[[nodiscard]] bool Received(const ScratchRun& run, uint64_t bytes) {
  return Eventually([&] { return run.totals().dialed_bytes_received >= bytes; });
}

}  // namespace

TEST_CASE("exchange: an answer in pieces is complete with its last byte") {
  const UniqueFd listener = Listening();
  ScratchRun run(ExchangeRun(listener, {.send = "PING\r\n", .expect = "+PONG\r\n"}));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  REQUIRE(Receive(peer, 6) == "PING\r\n");
  uint64_t sent = 0;
  for (const char byte : std::string("+PONG\r\n")) {
    CHECK(run.totals().exchanges == 0);
    REQUIRE(SendAll(peer, std::string(1, byte)));
    REQUIRE(Received(run, ++sent));
  }
  REQUIRE(run.Wait(Run::Event::kRamped));
  CHECK(run.totals().exchanges == 1);
  CHECK(run->Errors().empty());
  CHECK(run.End());
}

TEST_CASE("exchange: data beyond the answer is discarded") {
  const UniqueFd listener = Listening();
  ScratchRun run(ExchangeRun(listener, {.send = "?", .expect = "", .expect_bytes = 5}));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  const std::string flood = Pattern(1 << 20);
  for (int i = 0; i < 8; ++i) REQUIRE(SendAll(peer, flood));
  REQUIRE(Received(run, 8 * flood.size()));
  CHECK(run.totals().exchanges == 1);
  CHECK(run.totals().dialed_open == 1);
  CHECK(run->Errors().empty());
  CHECK(run.End());
}

TEST_CASE("exchange: a wrong answer ends the connection with EBADMSG") {
  const UniqueFd listener = Listening();
  ScratchRun run(ExchangeRun(listener, {.send = "GET", .expect = "HTTP/1.1 200"}));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  REQUIRE(SendAll(peer, "HTTP/1.1 503"));
  CHECK(EndOf(peer) >= 0);
  REQUIRE(run.Wait(Run::Event::kRamped));
  CHECK(run.Errors(Phase::kExchange, EBADMSG) == 1);
  CHECK(run.totals().dialed_open == 0);
  CHECK(run.totals().dialed_closed_by_peer == 0);
  CHECK(run.End());
}

TEST_CASE("exchange: a close instead of an answer is ENODATA, a reset is ECONNRESET") {
  for (const bool reset : {false, true}) {
    const UniqueFd listener = Listening();
    ScratchRun run(ExchangeRun(listener, {.send = "?", .expect = "", .expect_bytes = 2}));
    run.Start();
    UniqueFd peer = Accepted(listener);
    REQUIRE(Receive(peer, 1) == "?");
    REQUIRE(SendAll(peer, "1"));
    REQUIRE(Received(run, 1));
    if (reset) {
      Reset(peer);
    } else {
      peer.Reset();
    }
    REQUIRE(run.Wait(Run::Event::kRamped));
    CHECK(run.Errors(Phase::kExchange, reset ? ECONNRESET : ENODATA) == 1);
    CHECK(run.totals().dialed_closed_by_peer == 1);
    CHECK(run.totals().exchanges == 0);
    CHECK(run.End());
  }
}

TEST_CASE("exchange: an answer that never arrives is ETIMEDOUT") {
  const UniqueFd listener = Listening();
  ScratchRun run(ExchangeRun(listener, {.send = "?", .expect = "!", .timeout_ns = 100 * kNsPerMs}));
  const int64_t began_ns = NowNs();
  run.Start();
  REQUIRE(run.Wait(Run::Event::kRamped));
  CHECK(NowNs() - began_ns >= 100 * kNsPerMs);
  CHECK(run.Errors(Phase::kExchange, ETIMEDOUT) == 1);
  CHECK(run.totals().dialed_open == 0);
  CHECK(run.End());
}

TEST_CASE("exchange: an answer may begin before the message is sent completely") {
  const UniqueFd listener = Listening();
  // More than the send and receive buffers of both ends hold together.
  const std::string message = Pattern(32 << 20);
  ScratchRun run(ExchangeRun(listener, {.send = message, .expect = message}));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  std::string echoed;
  while (echoed.size() < message.size()) {
    const std::string piece = Receive(peer, 1 << 20);
    REQUIRE(!piece.empty());
    REQUIRE(SendAll(peer, piece));
    echoed += piece;
  }
  CHECK(echoed == message);
  REQUIRE(run.Wait(Run::Event::kRamped));
  CHECK(run.totals().exchanges == 1);
  CHECK(run->Errors().empty());
  CHECK(run.End());
}

TEST_CASE("exchange: without a message to send, the peer speaks first") {
  const UniqueFd listener = Listening();
  ScratchRun run(ExchangeRun(listener, {.send = "", .expect = "220 "}));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  REQUIRE(SendAll(peer, "220 mail.example ready\r\n"));
  REQUIRE(run.Wait(Run::Event::kRamped));
  CHECK(run.totals().exchanges == 1);
  CHECK(run.End());
}

TEST_CASE("exchange: heartbeats continue after the ramp") {
  const UniqueFd listener = Listening();
  ScratchRun run(
      ExchangeRun(listener, {.send = "beat", .expect = "beat", .every_ns = 20 * kNsPerMs}));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(Receive(peer, 4) == "beat");
    REQUIRE(SendAll(peer, "beat"));
  }
  CHECK(Eventually([&] { return run.totals().exchanges >= 5; }));
  CHECK(run->Errors().empty());
  CHECK(run.End());
}

TEST_CASE("exchange: no heartbeat is more than a period after the one before") {
  constexpr int64_t kPeriodNs = 400 * kNsPerMs;
  const UniqueFd listener = Listening();
  RunOptions options = ExchangeRun(listener, {.send = "?", .expect = "!", .every_ns = kPeriodNs});
  // The second connection is opened a quarter of a period after the first.
  options.dial->connections = 2;
  options.dial->rate = {{.at_ns = 0, .per_second = 10}};
  ScratchRun run(std::move(options));
  run.Start();
  const std::vector<UniqueFd> peers = Accepted(listener, 2);
  REQUIRE(peers.size() == 2);
  const UniqueFd& peer = peers[1];
  int64_t last_ns = NowNs();
  for (int i = 0; i < 4; ++i) {
    REQUIRE(Receive(peer, 1) == "?");
    REQUIRE(SendAll(peer, "!"));
    const int64_t now_ns = NowNs();
    CHECK(now_ns - last_ns < kPeriodNs + kPeriodNs / 2);
    last_ns = now_ns;
  }
  CHECK(run.End());
}

TEST_CASE("exchange: heartbeats are spread over the period however fast the ramp was") {
  constexpr int64_t kPeriodNs = 2400 * kNsPerMs;
  constexpr size_t kConnections = 64;
  const UniqueFd listener = Listening();
  RunOptions options = ExchangeRun(listener, {.send = "?", .expect = "", .every_ns = kPeriodNs});
  options.dial->connections = kConnections;
  ScratchRun run(std::move(options));
  run.Start();
  const std::vector<UniqueFd> peers = Accepted(listener, kConnections);
  REQUIRE(peers.size() == kConnections);
  for (const UniqueFd& peer : peers) REQUIRE(Receive(peer, 1) == "?");
  std::vector<int64_t> beats;
  std::vector<pollfd> waiting;
  for (const UniqueFd& peer : peers)
    waiting.push_back({.fd = peer.get(), .events = POLLIN, .revents = 0});
  while (beats.size() < kConnections) {
    REQUIRE(::poll(waiting.data(), waiting.size(), 5000) > 0);
    for (pollfd& ready : waiting) {
      if ((ready.revents & POLLIN) == 0) continue;
      beats.push_back(NowNs());
      ready.fd = -1;
    }
  }
  size_t most = 0;
  for (size_t i = 0, first = 0; i < beats.size(); ++i) {
    while (beats[i] - beats[first] > kPeriodNs / 4) ++first;
    most = std::max(most, i - first + 1);
  }
  // Without the stalls of a busy machine, each quarter of the period would have a quarter of them;
  // the period is long enough for stalls of half a second.
  CHECK(most < kConnections / 2);
  CHECK(run.End());
}

TEST_CASE("exchange: a slow answer also counts for the heartbeats that were delayed by it") {
  const UniqueFd listener = Listening();
  ScratchRun run(ExchangeRun(
      listener, {.send = "?", .expect = "", .expect_bytes = 1, .every_ns = 10 * kNsPerMs}));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  REQUIRE(Receive(peer, 1) == "?");
  ::poll(nullptr, 0, 200);
  CHECK(run.totals().dialed_bytes_sent == 1);
  REQUIRE(SendAll(peer, "!"));
  REQUIRE(Eventually([&] { return run.totals().exchanges >= 1; }));
  const Histogram::Summary latency = run->ExchangeLatency();
  CHECK(latency.count >= 20);
  CHECK(latency.max_ns >= 200 * kNsPerMs);
  CHECK(run.End());
}

TEST_CASE("exchange: a peer that stops answering later is noticed at its next heartbeat") {
  const UniqueFd listener = Listening();
  ScratchRun run(ExchangeRun(
      listener,
      {.send = "?", .expect = "!", .every_ns = 20 * kNsPerMs, .timeout_ns = 60 * kNsPerMs}));
  run.Start();
  const UniqueFd peer = Accepted(listener);
  REQUIRE(Receive(peer, 1) == "?");
  REQUIRE(SendAll(peer, "!"));
  REQUIRE(Eventually([&] { return run.totals().exchanges == 1; }));
  CHECK(Eventually([&] { return run.totals().dialed_open == 0; }));
  CHECK(run.Errors(Phase::kExchange, ETIMEDOUT) == 1);
  CHECK(run.totals().exchanges == 1);
  CHECK(run.End());
}

TEST_CASE("exchange: a reset between two heartbeats is not a failed exchange") {
  const UniqueFd listener = Listening();
  ScratchRun run(
      ExchangeRun(listener, {.send = "?", .expect = "!", .every_ns = 60 * kNsPerSecond}));
  run.Start();
  UniqueFd peer = Accepted(listener);
  REQUIRE(SendAll(peer, "!"));
  REQUIRE(Receive(peer, 1) == "?");
  REQUIRE(run.Wait(Run::Event::kRamped));
  Reset(peer);
  CHECK(Eventually([&] { return run.totals().dialed_closed_by_peer == 1; }));
  CHECK(run.Errors(Phase::kHold, ECONNRESET) == 1);
  CHECK(run.totals().exchanges == 1);
  CHECK(run.End());
}

}  // namespace c1m::test
