#include "native/engine/run/census_taker.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "native/net/inet_diag.h"
#include "test/native/helpers/census_sheet.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

constexpr uint8_t kEstablished = 1;

}  // namespace

TEST_CASE("census_taker: it reads every connection once, over all workers and tables") {
  constexpr uint64_t kConnections = 1000;
  RunOptions options = SelfDialRun(kConnections, /*workers=*/2);
  options.table_size = 256;
  ScratchRun run(std::move(options));
  REQUIRE_FALSE(run.Start().empty());
  REQUIRE(run.Wait(Run::Event::kRamped));
  Sheet sheet(kConnections);
  REQUIRE(run->TakeCensus({.sheet = &sheet.sheet}));
  REQUIRE(run.Wait(Run::Event::kCensused));
  CHECK(run->table_count() > 2);
  CHECK(sheet.sheet.rows() == kConnections);
  CHECK(sheet.sheet.missed() == 0);
  CHECK(sheet.sheet.info_bytes() >= 104);

  std::set<std::string> tuples;
  std::map<uint32_t, int> targets;
  for (size_t row = 0; row < kConnections; ++row) {
    const auto address = sheet.At<AddressBytes>("sourceAddress", row);
    CHECK(address[12] == 127);
    tuples.insert(std::string(address.begin(), address.end()) + ":" +
                  std::to_string(sheet.At<uint16_t>("sourcePort", row)) + ">" +
                  std::to_string(sheet.At<uint32_t>("targetIndex", row)));
    ++targets[sheet.At<uint32_t>("targetIndex", row)];
    CHECK(sheet.At<uint8_t>("state", row) == kEstablished);
    CHECK(sheet.At<uint32_t>("rttUs", row) > 0);
    CHECK(sheet.At<uint32_t>("sndMss", row) > 500);
    CHECK(sheet.At<uint8_t>("synRetries", row) == 0);
    CHECK(sheet.At<uint32_t>("totalRetransmits", row) == 0);
  }
  CHECK(tuples.size() == kConnections);
  CHECK(targets.size() == 2);
  CHECK(run.End());
}

TEST_CASE("census_taker: it tells to which of the run's own listeners a connection goes") {
  constexpr uint64_t kConnections = 300;
  const SocketAddress address = UniqueLoopback();
  RunOptions options = SelfDialRun(kConnections, /*workers=*/2);
  options.listen->addresses.assign(6, address);
  ScratchRun run(std::move(options));
  const auto listening = run.Start();
  REQUIRE(listening.size() == 6);
  REQUIRE(run.Wait(Run::Event::kRamped));
  Sheet sheet(kConnections);
  REQUIRE(run->TakeCensus({.sheet = &sheet.sheet}));
  REQUIRE(run.Wait(Run::Event::kCensused));
  REQUIRE(sheet.sheet.rows() == kConnections);
  std::multiset<std::pair<uint16_t, uint16_t>> told;
  for (size_t row = 0; row < kConnections; ++row) {
    const auto target = sheet.At<uint32_t>("targetIndex", row);
    REQUIRE(target < listening.size());
    told.emplace(listening[target].port(), sheet.At<uint16_t>("sourcePort", row));
  }
  // The kernel's view of the accepted ends.
  std::multiset<std::pair<uint16_t, uint16_t>> accepted;
  const DiagFilter at_listeners{.states = StateBit(TcpState::kEstablished),
                                .local = {{.address = address}}};
  REQUIRE(VisitTcpSockets(at_listeners, [&](const DiagSocket& socket) {
            accepted.emplace(socket.local_port, socket.remote_port);
          }).ok());
  CHECK(told == accepted);
  CHECK(run.End());
}

TEST_CASE("census_taker: a sample takes every nth connection") {
  ScratchRun run(SelfDialRun(1000));
  REQUIRE_FALSE(run.Start().empty());
  REQUIRE(run.Wait(Run::Event::kRamped));
  Sheet sheet(1000);
  REQUIRE(run->TakeCensus({.sheet = &sheet.sheet, .stride = 10, .offset = 3}));
  REQUIRE(run.Wait(Run::Event::kCensused));
  CHECK(sheet.sheet.rows() == 100);
  CHECK(run.End());
}

TEST_CASE("census_taker: before its first connection a dial has a census without rows") {
  const Deaf deaf = DeafListener();
  ScratchRun run(DialRun(DialTo({deaf.address}, 1)));
  run.Start();
  Sheet sheet(1);
  REQUIRE(run->TakeCensus({.sheet = &sheet.sheet}));
  REQUIRE(run.Wait(Run::Event::kCensused));
  CHECK(sheet.sheet.rows() == 0);
  CHECK(sheet.sheet.info_bytes() == 0);
  CHECK(run.End());
}

TEST_CASE("census_taker: closing the run ends a census that is still in progress") {
  ScratchRun run(SelfDialRun(2000));
  REQUIRE_FALSE(run.Start().empty());
  REQUIRE(run.Wait(Run::Event::kRamped));
  Sheet sheet(2000);
  REQUIRE(run->TakeCensus({.sheet = &sheet.sheet}));
  REQUIRE(run.End());
  CHECK(run.events(Run::Event::kCensused) == 1);
  CHECK(sheet.sheet.rows() <= 2000);
}

TEST_CASE("census_taker: it counts repeated SYNs separately from later retransmits") {
  const Deaf deaf = DeafListener();
  ScratchRun run(DialRun(DialTo({deaf.address}, 1)));
  run.Start();
  // The first SYN is dropped because the accept queue is full; the second one, a second later, is
  // not.
  REQUIRE(Eventually([&] { return run.totals().attempted == 1; }));
  const UniqueFd accepted = Accepted(deaf.listener);
  REQUIRE(run.Wait(Run::Event::kRamped));
  Sheet sheet(1);
  REQUIRE(run->TakeCensus({.sheet = &sheet.sheet}));
  REQUIRE(run.Wait(Run::Event::kCensused));
  REQUIRE(sheet.sheet.rows() == 1);
  const auto retries = sheet.At<uint8_t>("synRetries", 0);
  CHECK(retries >= 1);
  CHECK(sheet.At<uint32_t>("totalRetransmits", 0) == retries);
  CHECK(run.totals().syn_retransmits == retries);
  CHECK(run.End());
}

}  // namespace c1m::test
