#include "native/engine/run/closing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

int Ending(CloseMode mode) { return mode == CloseMode::kFin ? 0 : ECONNRESET; }

bool AllEnd(const std::vector<UniqueFd>& connections, int ending) {
  return std::all_of(connections.begin(), connections.end(),
                     [&](const UniqueFd& connection) { return EndOf(connection) == ending; });
}

}  // namespace

TEST_CASE("closing: peers of a dialer see FIN or RST as requested") {
  for (const CloseMode close : {CloseMode::kFin, CloseMode::kRst}) {
    const UniqueFd listener = Listening();
    DialOptions dial = DialTo({LocalAddress(listener)}, 600);
    dial.close = close;
    RunOptions options = DialRun(std::move(dial));
    options.workers = 2;
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    const std::vector<UniqueFd> peers = Accepted(listener, 600);
    REQUIRE(peers.size() == 600);
    REQUIRE(run.End());
    CHECK(AllEnd(peers, Ending(close)));
    CHECK(run.totals().dialed_open == 0);
    CHECK(run.totals().dialed_closed_by_peer == 0);
    CHECK(run->Errors().empty());
  }
}

TEST_CASE("closing: peers of a listener see FIN or RST as requested") {
  for (const CloseMode close : {CloseMode::kFin, CloseMode::kRst}) {
    ListenOptions listen = ListenOn({UniqueLoopback()});
    listen.close = close;
    ScratchRun run(ListenRun(std::move(listen)));
    const auto targets = run.Start();
    REQUIRE(targets.size() == 1);
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 300; ++i) clients.push_back(Connected(targets[0]));
    REQUIRE(Eventually([&] { return run.totals().accepted_open == 300; }));
    REQUIRE(run.End());
    CHECK(AllEnd(clients, Ending(close)));
    CHECK(run.totals().accepted_open == 0);
    CHECK(run.totals().accepted_closed_by_peer == 0);
  }
}

TEST_CASE("closing: pending handshakes are given up") {
  const Deaf target = DeafListener();
  ScratchRun run(DialRun(DialTo({target.address}, 100)));
  run.Start();
  REQUIRE(Eventually([&] { return run.totals().attempted == 100; }));
  REQUIRE(run.End());
  CHECK(run.totals().established == 0);
  CHECK(run.totals().failed == 0);
  CHECK(run.events(Event::kRamped) == 0);
  CHECK(run->Errors().empty());
}

TEST_CASE("closing: the connections of every table are closed") {
  const UniqueFd listener = Listening();
  RunOptions options = DialRun(DialTo({LocalAddress(listener)}, 300));
  options.table_size = 64;
  ScratchRun run(std::move(options));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  REQUIRE(run->table_count() > 1);
  const std::vector<UniqueFd> peers = Accepted(listener, 300);
  REQUIRE(peers.size() == 300);
  REQUIRE(run.End());
  CHECK(AllEnd(peers, 0));
  CHECK(run.totals().dialed_open == 0);
}

}  // namespace c1m::test
