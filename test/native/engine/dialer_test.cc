#include "native/engine/dialer.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "native/net/socket.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

// A socket of somebody else, bound to a source the run would like to use.
UniqueFd Stranger(const SocketAddress& source, bool reuses = false) {
  UniqueFd socket(OpenStream(source.family()).value());
  if (reuses) AllowAddressReuse(socket.get());
  if (::bind(socket.get(), source.raw(), source.size()) != 0) return {};
  return socket;
}

DialOptions FromPorts(SocketAddress source, PortRange ports, const SocketAddress& target,
                      uint64_t connections) {
  DialOptions dial = DialTo({target}, connections);
  dial.sources = {{.first = source, .count = 1}};
  dial.source_ports = {ports};
  return dial;
}

// The ports the peers of these connections have.
std::vector<uint16_t> PeerPorts(const std::vector<UniqueFd>& connections) {
  std::vector<uint16_t> ports;
  for (const UniqueFd& connection : connections) {
    ports.push_back(SocketAddress::Peer(connection.get())->port());
  }
  std::sort(ports.begin(), ports.end());
  return ports;
}

}  // namespace

TEST_CASE("dialer: it binds the tuples of its space in their order") {
  const UniqueFd listener = Listening();
  const SocketAddress source = UniqueLoopback();
  ScratchRun run(
      DialRun(FromPorts(source, {.first = 3000, .last = 3009}, LocalAddress(listener), 8)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  const std::vector<UniqueFd> peers = Accepted(listener, 8);
  CHECK(PeerPorts(peers) == std::vector<uint16_t>{3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007});
  CHECK(SocketAddress::Peer(peers.at(0).get())->CountTo(source) == 1);
  CHECK(run.End());
}

TEST_CASE("dialer: several targets get equal shares") {
  std::vector<UniqueFd> listeners;
  std::vector<SocketAddress> targets;
  for (int i = 0; i < 4; ++i) {
    listeners.push_back(Listening());
    targets.push_back(LocalAddress(listeners.back()));
  }
  ScratchRun run(DialRun(DialTo(targets, 100)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  for (const UniqueFd& listener : listeners) {
    CHECK(Accepted(listener, 25).size() == 25);
    CHECK(::accept(listener.get(), nullptr, nullptr) == -1);
  }
  CHECK(run.End());
}

TEST_CASE("dialer: a target that refuses is counted with an example") {
  const SocketAddress target = UniqueLoopback(9);
  RunOptions options = DialRun(DialTo({target}, 500));
  options.lanes = 2;
  ScratchRun run(std::move(options));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  const Totals totals = run.totals();
  CHECK(totals.attempted == 500);
  CHECK(totals.failed == 500);
  CHECK(totals.established == 0);
  CHECK(totals.dialed_open == 0);
  const auto errors = run->Errors();
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].phase == Phase::kConnect);
  CHECK(errors[0].code == ECONNREFUSED);
  CHECK(errors[0].count == 500);
  CHECK(errors[0].example.find(" > " + target.ToString()) != std::string::npos);
  CHECK_FALSE(run->tables_used_up());
  CHECK_FALSE(run->tuples_used_up());
  CHECK(run.End());
}

TEST_CASE("dialer: a target that never answers times out") {
  const Deaf target = DeafListener();
  DialOptions dial = DialTo({target.address}, 20);
  dial.connect_timeout_ns = 60 * kNsPerMs;
  dial.window = 5;
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  uint64_t most_in_flight = 0;
  REQUIRE(Eventually([&] {
    const Totals now = run.totals();
    most_in_flight = std::max(most_in_flight, now.attempted - now.failed);
    return now.failed == 20;
  }));
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.Errors(Phase::kTimeout, ETIMEDOUT) == 20);
  CHECK(run.totals().attempted == 20);
  CHECK(run.totals().established == 0);
  // Four windows, one after the other.
  CHECK(most_in_flight <= 5);
  CHECK(run->DialingNs() >= 4 * 60 * kNsPerMs);
  CHECK(run.End());
}

TEST_CASE("dialer: a repeated SYN is counted and kept apart in the latencies") {
  Deaf target = DeafListener();
  ScratchRun run(DialRun(DialTo({target.address}, 3)));
  run.Start();
  REQUIRE(Eventually([&] { return run.totals().attempted == 3; }));
  // All three SYNs are lost by now. The kernel repeats them after a second.
  CHECK(Accepted(target.listener).valid());
  REQUIRE(Eventually([&] { return run.totals().established > 0; }));
  const UniqueFd first = Accepted(target.listener);
  CHECK(run.totals().syn_retransmits >= 1);
  CHECK(run.totals().connections_with_syn_retry >= 1);
  CHECK(run->ConnectLatency(/*first_try_only=*/false).count >= 1);
  CHECK(run->ConnectLatency(/*first_try_only=*/false).p50_ns > 0.9 * kNsPerSecond);
  CHECK(run->ConnectLatency(/*first_try_only=*/true).count == 0);
  CHECK(run.End());
}

TEST_CASE("dialer: ports taken by strangers are skipped and counted") {
  const UniqueFd listener = Listening();
  const SocketAddress source = UniqueLoopback();
  const UniqueFd bound = Stranger(WithPort(source, 3001));
  const UniqueFd listening = Listening(WithPort(source, 3004));
  const UniqueFd last = Stranger(WithPort(source, 3009));
  ScratchRun run(
      DialRun(FromPorts(source, {.first = 3000, .last = 3009}, LocalAddress(listener), 7)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(PeerPorts(Accepted(listener, 7)) ==
        std::vector<uint16_t>{3000, 3002, 3003, 3005, 3006, 3007, 3008});
  CHECK(run.totals().skipped_ports == 2);
  CHECK(run.totals().attempted == 7);
  CHECK(run->Errors().empty());
  CHECK_FALSE(run->tuples_used_up());
  CHECK(run.End());
}

TEST_CASE("dialer: a tuple somebody is connected on is skipped and counted") {
  const UniqueFd listener = Listening();
  const SocketAddress target = LocalAddress(listener);
  const SocketAddress source = UniqueLoopback();
  const UniqueFd stranger = Stranger(WithPort(source, 3000), /*reuses=*/true);
  REQUIRE(::connect(stranger.get(), target.raw(), target.size()) == -1);
  const UniqueFd their_peer = Accepted(listener);
  REQUIRE(their_peer.valid());
  ScratchRun run(DialRun(FromPorts(source, {.first = 3000, .last = 3001}, target, 1)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(PeerPorts(Accepted(listener, 1)) == std::vector<uint16_t>{3001});
  CHECK(run.totals().skipped_ports == 1);
  CHECK(run.totals().attempted == 1);
  CHECK(run.End());
}

TEST_CASE("dialer: it never connects a socket to itself") {
  const SocketAddress target = UniqueLoopback(3001);
  ScratchRun run(DialRun(FromPorts(target, {.first = 3000, .last = 3002}, target, 2)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().established == 0);
  CHECK(run.totals().skipped_ports == 1);
  CHECK(run.Errors(Phase::kConnect, ECONNREFUSED) == 2);
  CHECK(run.End());
}

TEST_CASE("dialer: when the tuples are used up the rest fails and says so") {
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(
      FromPorts(UniqueLoopback(), {.first = 3000, .last = 3009}, LocalAddress(listener), 15)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().established == 10);
  CHECK(run.totals().attempted == 15);
  CHECK(run.totals().failed == 5);
  CHECK(run.Errors(Phase::kBind, EADDRNOTAVAIL) == 5);
  CHECK(run->tuples_used_up());
  CHECK_FALSE(run->tables_used_up());
  CHECK(run.End());
}

TEST_CASE("dialer: lanes that dial themselves each have the whole space") {
  RunOptions options = SelfDialRun(20, 2);
  options.dial->source_ports = {{.first = 3000, .last = 3009}};
  SUBCASE("enough") {
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run.totals().established == 20);
    CHECK(run->Errors().empty());
    CHECK(run.End());
  }
  SUBCASE("used up") {
    options.dial->connections = 25;
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run.totals().established == 20);
    CHECK(run->tuples_used_up());
    CHECK(run.End());
  }
}

TEST_CASE("dialer: shards of one space don't meet") {
  const UniqueFd listener = Listening();
  const SocketAddress source = UniqueLoopback();
  std::vector<uint16_t> ports;
  for (uint32_t index = 0; index < 3; ++index) {
    DialOptions dial = FromPorts(source, {.first = 3000, .last = 3009}, LocalAddress(listener),
                                 index == 0 ? 4 : 3);
    dial.shard = {.index = index, .count = 3};
    ScratchRun run(DialRun(std::move(dial)));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run->Errors().empty());
    CHECK(run.totals().skipped_ports == 0);
    const auto part = PeerPorts(Accepted(listener, index == 0 ? 4 : 3));
    ports.insert(ports.end(), part.begin(), part.end());
    CHECK(run.End());
  }
  std::sort(ports.begin(), ports.end());
  CHECK(ports == std::vector<uint16_t>{3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009});
}

TEST_CASE("dialer: a source this host doesn't have fails at bind") {
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(
      FromPorts(Address("192.0.2.1"), {.first = 1024, .last = 65535}, LocalAddress(listener), 30)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().failed == 30);
  CHECK(run.Errors(Phase::kBind, EADDRNOTAVAIL) == 30);
  CHECK_FALSE(run->tuples_used_up());
  CHECK(run->Errors().at(0).example.find("192.0.2.1:1024 > ") == 0);
  CHECK(run.End());
}

TEST_CASE("dialer: a rate is kept and the total is exact") {
  constexpr uint64_t kConnections = 300;
  for (const uint32_t lanes : {1U, 3U}) {
    CAPTURE(lanes);
    RunOptions options = SelfDialRun(kConnections, lanes);
    options.dial->rate = {{.at_ns = 0, .per_second = 2000}};
    ScratchRun run(std::move(options));
    run.Start();
    // Never ahead of the schedule, whenever one looks. (Counted first, so that it is not younger.)
    bool ahead = false;
    REQUIRE(Eventually([&] {
      const uint64_t attempted = run.totals().attempted;
      const auto due = static_cast<double>(run->DialingNs()) / kNsPerSecond * 2000 + 1;
      ahead = ahead || static_cast<double>(attempted) > due;
      return run.events(Event::kRamped) == 1;
    }));
    CHECK_FALSE(ahead);
    CHECK(run.totals().attempted == kConnections);
    CHECK(run.totals().established == kConnections);
    CHECK(run->DialingNs() >= (kConnections - 1) * kNsPerSecond / 2000);
    CHECK(run->Lateness().count == kConnections);
    CHECK(run.End());
  }
}

TEST_CASE("dialer: a ramp with a rest in it ends on every lane") {
  RunOptions options = SelfDialRun(120, 4);
  options.dial->rate = {{.at_ns = 0, .per_second = 1000},
                        {.at_ns = 100 * kNsPerMs, .per_second = 0},
                        {.at_ns = 200 * kNsPerMs, .per_second = 0},
                        {.at_ns = 250 * kNsPerMs, .per_second = 2000}};
  ScratchRun run(std::move(options));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().established == 120);
  CHECK(run->DialingNs() > 250 * kNsPerMs);
  CHECK(run.End());
}

TEST_CASE("dialer: many lanes that hunt for the last connection all end") {
  // A lane that finds nothing due must not wait for a moment that never comes.
  for (int i = 0; i < 30; ++i) {
    RunOptions options = SelfDialRun(50, 8);
    options.dial->rate = {{.at_ns = 0, .per_second = 20'000},
                          {.at_ns = 5 * kNsPerMs, .per_second = 0}};
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    REQUIRE(run.totals().attempted == 50);
    REQUIRE(run.End());
  }
}

TEST_CASE("dialer: a window of one and more lanes than the window go on") {
  RunOptions options = SelfDialRun(200, 4);
  options.dial->window = 1;
  ScratchRun run(std::move(options));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().established == 200);
  CHECK(run.End());
}

TEST_CASE("dialer: peers that reset at once leave no attempt unaccounted") {
  ListenOptions listen = ListenOn({UniqueLoopback()}, ListenMode::kCloseFirst);
  listen.close = CloseMode::kRst;
  ScratchRun server(ListenRun(std::move(listen)));
  const auto targets = server.Start();
  REQUIRE(targets.size() == 1);
  ScratchRun run(DialRun(DialTo(targets, 500)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().attempted == 500);
  CHECK(Eventually([&] {
    const Totals now = run.totals();
    return now.established + now.failed == 500 && now.dialed_closed_by_peer == now.established;
  }));
  CHECK(run.totals().dialed_open == 0);
  CHECK(run.End());
  CHECK(server.End());
}

}  // namespace c1m::test
