// Churn end to end: what counts as a transaction, and that it never hangs.
#include <doctest/doctest.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "native/net/clock.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

// Dials one connection at a time to the listener.
DialOptions ChurnTo(const UniqueFd& listener) {
  DialOptions dial = DialTo({LocalAddress(listener)}, 1);
  dial.churn = true;
  dial.exchange.emplace().timeout_ns = kPatienceNs;
  return dial;
}

}  // namespace

TEST_CASE("dialer_churn: each connection is closed after its exchange and replaced") {
  const UniqueFd listener = Listening();
  DialOptions dial = ChurnTo(listener);
  dial.exchange->send = "?";
  dial.exchange->expect = "!";
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  for (uint64_t i = 0; i < 10; ++i) {
    const UniqueFd peer = Accepted(listener);
    REQUIRE(Receive(peer, 1) == "?");
    CHECK(run.totals().transactions == i);
    REQUIRE(SendAll(peer, "!"));
    CHECK(EndOf(peer) == 0);
  }
  CHECK(Eventually([&] { return run.totals().transactions == 10; }));
  CHECK(run->Errors().empty());
  CHECK(run.End());
}

TEST_CASE("dialer_churn: a peer that closes right after its answer has completed the transaction") {
  const UniqueFd listener = Listening();
  DialOptions dial = ChurnTo(listener);
  dial.exchange->send = "?";
  dial.exchange->expect_bytes = 1;
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  constexpr uint64_t kRounds = 200;
  for (uint64_t i = 0; i < kRounds; ++i) {
    UniqueFd peer = Accepted(listener);
    REQUIRE(Receive(peer, 1) == "?");
    REQUIRE(SendAll(peer, "!"));
    peer.Reset();
  }
  CHECK(Eventually([&] { return run.totals().transactions >= kRounds; }));
  CHECK(run.totals().dialed_closed_by_peer == 0);
  CHECK(run->Errors().empty());
  CHECK(run.End());
}

TEST_CASE("dialer_churn: if the peer is to close, both FIN and RST end the transaction") {
  for (const bool reset : {false, true}) {
    const UniqueFd listener = Listening();
    DialOptions dial = ChurnTo(listener);
    dial.peer_closes = true;
    dial.exchange->send = "?";
    dial.exchange->expect = "!";
    ScratchRun run(DialRun(std::move(dial)));
    run.Start();
    UniqueFd peer = Accepted(listener);
    REQUIRE(Receive(peer, 1) == "?");
    REQUIRE(SendAll(peer, "!"));
    REQUIRE(Eventually([&] { return run.totals().exchanges == 1; }));
    CHECK(run.totals().transactions == 0);
    if (reset) {
      Reset(peer);
    } else {
      peer.Reset();
    }
    CHECK(Eventually([&] { return run.totals().transactions == 1; }));
    CHECK(run->Errors().empty());
    CHECK(run.End());
  }
}

TEST_CASE("dialer_churn: a reset before the dialer has looked counts as the expected close") {
  ListenOptions listen = ListenOn({UniqueLoopback()}, ListenMode::kCloseFirst);
  listen.close = CloseMode::kRst;
  ScratchRun server(ListenRun(std::move(listen)));
  DialOptions dial = DialTo(server.Start(), 64);
  dial.churn = true;
  dial.peer_closes = true;
  dial.exchange.emplace().timeout_ns = kPatienceNs;
  RunOptions options = DialRun(std::move(dial));
  options.workers = 4;
  ScratchRun run(std::move(options));
  run.Start();
  CHECK(Eventually([&] { return run.totals().transactions >= 20'000; }));
  CHECK(run->Errors().empty());
  CHECK(run.totals().failed == 0);
  CHECK(run.End());
}

TEST_CASE("dialer_churn: a peer that should close but does not causes ETIMEDOUT") {
  const UniqueFd listener = Listening();
  DialOptions dial = ChurnTo(listener);
  dial.peer_closes = true;
  dial.exchange->timeout_ns = 50 * kNsPerMs;
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  CHECK(Eventually([&] { return run.Errors(Phase::kExchange, ETIMEDOUT) >= 2; }));
  CHECK(run.totals().transactions == 0);
  CHECK(run.End());
}

TEST_CASE("dialer_churn: with every tuple in use it keeps searching, and still ends") {
  const UniqueFd listener = Listening();
  DialOptions dial = ChurnTo(listener);
  dial.source_ports = {{.first = 2000, .last = 2003}};
  dial.connections = 8;
  dial.peer_closes = true;
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  std::vector<UniqueFd> peers = Accepted(listener, 4);
  REQUIRE(Eventually([&] { return run.Errors(Phase::kConnect, EADDRNOTAVAIL) >= 2; }));
  CHECK(run.totals().dialed_open == 4);
  CHECK(run.totals().skipped_ports > 0);
  Reset(peers[0]);
  CHECK(Accepted(listener).valid());
  CHECK(run.End());
}

TEST_CASE("dialer_churn: it slows down after many failures in a row, unless told to keep going") {
  for (const bool keep_going : {false, true}) {
    const UniqueFd listener = Listening();
    DialOptions dial = ChurnTo(listener);
    dial.exchange->expect = "!";
    dial.keep_going = keep_going;
    ScratchRun run(DialRun(std::move(dial)));
    run.Start();
    const auto fail = [&](int times) {
      const int64_t began_ns = NowNs();
      for (int i = 0; i < times; ++i) Accepted(listener);
      return NowNs() - began_ns;
    };
    fail(101);
    // One attempt every ten milliseconds, or full speed.
    const int64_t took_ns = fail(20);
    if (!keep_going) CHECK(took_ns > 150 * kNsPerMs);
    CHECK(run.totals().transactions == 0);
    CHECK(run.End());
  }
}

TEST_CASE("dialer_churn: one success restores full speed") {
  const UniqueFd listener = Listening();
  DialOptions dial = ChurnTo(listener);
  dial.exchange->expect = "!";
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  for (int i = 0; i < 110; ++i) Accepted(listener);
  const auto answer = [&] { return SendAll(Accepted(listener), "!"); };
  REQUIRE(answer());
  REQUIRE(Eventually([&] { return run.totals().transactions == 1; }));
  const int64_t began_ns = NowNs();
  for (int i = 0; i < 50; ++i) Accepted(listener);
  CHECK(NowNs() - began_ns < 50 * 10 * kNsPerMs);
  CHECK(run.End());
}

}  // namespace c1m::test
