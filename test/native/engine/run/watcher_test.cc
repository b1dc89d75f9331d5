#include "native/engine/run/watcher.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

bool Holds(const ScratchRun& run, uint64_t connections) {
  return Eventually([&] { return run.totals().dialed_open == connections; });
}

}  // namespace

TEST_CASE("watcher: a peer that closes by FIN during the hold is counted") {
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(DialTo({LocalAddress(listener)}, 600)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  std::vector<UniqueFd> peers = Accepted(listener, 600);
  REQUIRE(peers.size() == 600);
  peers.resize(500);
  CHECK(Holds(run, 500));
  CHECK(run.totals().dialed_closed_by_peer == 100);
  CHECK(run->Errors().empty());
  peers.clear();
  CHECK(Holds(run, 0));
  CHECK(run.totals().dialed_closed_by_peer == 600);
  CHECK(run.totals().established == 600);
  CHECK(run.End());
}

TEST_CASE("watcher: a peer that closes by RST is counted with its error") {
  const UniqueFd listener = Listening();
  const SocketAddress target = LocalAddress(listener);
  ScratchRun run(DialRun(DialTo({target}, 100)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  std::vector<UniqueFd> peers = Accepted(listener, 100);
  REQUIRE(peers.size() == 100);
  for (size_t i = 0; i < 40; ++i) Reset(peers[i]);
  CHECK(Holds(run, 60));
  CHECK(run.totals().dialed_closed_by_peer == 40);
  REQUIRE(run->Errors().size() == 1);
  CHECK(run.Errors(Phase::kHold, ECONNRESET) == 40);
  const std::string example = run->Errors().at(0).example;
  CHECK(example.find(" > " + target.ToString()) != std::string::npos);
  CHECK(run.End());
}

TEST_CASE("watcher: events before a connection was watched are not missed") {
  // During the ramp connections are not watched.
  const UniqueFd listener = Listening();
  DialOptions dial = DialTo({LocalAddress(listener)}, 200);
  dial.rate = {{.at_ns = 0, .per_second = 4000}};
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  std::vector<UniqueFd> peers = Accepted(listener, 200);
  REQUIRE(peers.size() == 200);
  REQUIRE(SendAll(peers[0], Pattern(1000)));
  for (size_t i = 0; i < 100; ++i) peers[i].Reset();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(Holds(run, 100));
  CHECK(run.totals().dialed_closed_by_peer == 100);
  CHECK(run.totals().dialed_bytes_received == 1000);
  CHECK(run.End());
}

TEST_CASE("watcher: peers that close right after the handshake are all counted") {
  ScratchRun server(ListenRun(ListenOn({UniqueLoopback()}, ListenMode::kCloseFirst)));
  const auto targets = server.Start();
  REQUIRE(targets.size() == 1);
  RunOptions options = DialRun(DialTo(targets, 1000));
  options.table_size = 128;
  options.workers = 2;
  ScratchRun run(std::move(options));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().established == 1000);
  CHECK(Holds(run, 0));
  CHECK(run.totals().dialed_closed_by_peer == 1000);
  CHECK(run->Errors().empty());
  CHECK(run.End());
  CHECK(server.End());
}

TEST_CASE("watcher: data that arrives during the hold is read and counted") {
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(DialTo({LocalAddress(listener)}, 4)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  const std::vector<UniqueFd> peers = Accepted(listener, 4);
  REQUIRE(peers.size() == 4);
  // Far more than one turn reads.
  for (const UniqueFd& peer : peers) REQUIRE(SendAll(peer, Pattern(10'000'000)));
  CHECK(Eventually([&] { return run.totals().dialed_bytes_received == 40'000'000; }));
  CHECK(run.totals().dialed_open == 4);
  CHECK(run.End());
}

TEST_CASE("watcher: the keepers of full tables continue to watch") {
  const UniqueFd listener = Listening();
  RunOptions options = DialRun(DialTo({LocalAddress(listener)}, 300));
  options.table_size = 64;
  ScratchRun run(std::move(options));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  REQUIRE(run->table_count() > 4);
  std::vector<UniqueFd> peers = Accepted(listener, 300);
  REQUIRE(peers.size() == 300);
  peers.clear();
  CHECK(Holds(run, 0));
  CHECK(run.totals().dialed_closed_by_peer == 300);
  CHECK(run.End());
}

TEST_CASE("watcher: a self-dial watches both ends") {
  ScratchRun run(SelfDialRun(200, 2));
  const auto listening = run.Start();
  REQUIRE(listening.size() == 2);
  REQUIRE(run.Wait(Event::kRamped));
  // Only the end of an outside client can be closed from here.
  UniqueFd client = Connected(listening[0]);
  REQUIRE(Eventually([&] { return run.totals().accepted_open == 201; }));
  client.Reset();
  CHECK(Eventually([&] { return run.totals().accepted_closed_by_peer == 1; }));
  CHECK(run.totals().accepted_open == 200);
  CHECK(run.totals().dialed_open == 200);
  CHECK(run.End());
}

}  // namespace c1m::test
