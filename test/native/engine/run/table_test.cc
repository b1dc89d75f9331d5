#include "native/engine/run/table.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "native/net/descriptor_table.h"
#include "native/net/socket.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/process.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

// Connections that a table of 64 descriptors holds in addition to stdio, the wake-up, one listening
// socket and the spare descriptors; one more without a listener.
constexpr uint32_t kSmallTable = 64;
constexpr uint64_t kRoom = 51;

RunOptions InSmallTables(RunOptions options) {
  options.table_size = kSmallTable;
  return options;
}

}  // namespace

TEST_CASE("table: when one is full, its worker continues in the next") {
  constexpr uint64_t kConnections = 2000;
  for (const uint32_t workers : {1U, 2U}) {
    CAPTURE(workers);
    ScratchRun run(InSmallTables(SelfDialRun(kConnections, workers)));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(Eventually([&] { return run.totals().accepted_open == kConnections; }));
    const Totals totals = run.totals();
    CHECK(totals.attempted == kConnections);
    CHECK(totals.established == kConnections);
    CHECK(totals.failed == 0);
    CHECK(totals.dialed_open == kConnections);
    CHECK(totals.accepted_open == kConnections);
    // Each table holds both ends.
    CHECK(run->table_count() >= 2 * kConnections / kRoom);
    CHECK_FALSE(run->tables_used_up());
    CHECK(run->Errors().empty());
    REQUIRE(run.End());
    CHECK(run.totals().dialed_open == 0);
    CHECK(run.totals().accepted_open == 0);
    CHECK(run.totals().dialed_closed_by_peer == 0);
  }
}

TEST_CASE("table: a paced worker that dials another run moves from table to table") {
  ScratchRun server(InSmallTables(ListenRun(ListenOn({UniqueLoopback()}))));
  const auto targets = server.Start();
  REQUIRE(targets.size() == 1);
  RunOptions options = InSmallTables(DialRun(DialTo(targets, 600)));
  options.workers = 2;
  options.dial->rate = {{.at_ns = 0, .per_second = 10'000}};
  ScratchRun client(std::move(options));
  client.Start();
  REQUIRE(client.Wait(Event::kRamped));
  CHECK(Eventually([&] { return server.totals().accepted_open == 600; }));
  CHECK(client.totals().established == 600);
  CHECK(client->table_count() >= 600 / (kRoom + 1));
  REQUIRE(client.End());
  CHECK(Eventually([&] { return server.totals().accepted_closed_by_peer == 600; }));
  CHECK(server.End());
}

TEST_CASE(
    "table: when the maximum number of tables is reached, the ramp ends and the run reports it") {
  SUBCASE("dialing") {
    const UniqueFd listener = Listening();
    RunOptions options = InSmallTables(DialRun(DialTo({LocalAddress(listener)}, 1000)));
    options.max_tables = 3;
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run->tables_used_up());
    CHECK(run->table_count() == 3);
    CHECK(run.totals().established == 3 * (kRoom + 1));
    CHECK(run.totals().failed == 0);
    CHECK(run.End());
  }
  SUBCASE("self-dial") {
    RunOptions options = InSmallTables(SelfDialRun(1000));
    options.max_tables = 3;
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run->tables_used_up());
    CHECK(run->table_count() == 3);
    CHECK(Eventually([&] {
      const Totals now = run.totals();
      return now.accepted_open == now.dialed_open && now.dialed_open <= 3 * kRoom / 2;
    }));
    CHECK(run.End());
  }
}

TEST_CASE("table: a full table without a successor ends the ramp and keeps its connections") {
  const auto dial = [](const std::string& call, int error) {
    ScratchRun run(InSmallTables(SelfDialRun(2000)));
    if (run.Start().empty()) return 10;
    if (!run.Wait(Event::kRamped)) return 11;
    const Totals totals = run.totals();
    if (totals.established == 0 || totals.established >= 2000) return 12;
    if (totals.dialed_open != totals.established || totals.failed != 0) return 13;
    if (!run->tables_used_up()) return 14;
    const auto errors = run->Errors();
    if (errors.size() != 1 || errors[0].code != error || errors[0].example != call) return 15;
    return run.End() ? 0 : 16;
  };
  REQUIRE(PrivateTablesWork());
  SUBCASE("no thread for its keeper") {
    CHECK(InChild([&] {
            // A user without other processes, and not root, to which RLIMIT_NPROC does not apply.
            const auto user = static_cast<uid_t>(100'000 + ::getpid());
            if (::getuid() == 0 && ::setuid(user) != 0) return 2;
            const rlimit limit{.rlim_cur = 6, .rlim_max = 6};
            if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 3;
            return dial("pthread_create", EAGAIN);
          }) == 0);
  }
  SUBCASE("no next descriptor table") {
    CHECK(InChild([&] {
            // The wake-up and one listening socket have the lowest numbers in a private table, and
            // other numbers in the table of the process, from which the first private table is
            // entered.
            const UniqueFd taken(OpenEventFd().value());
            const UniqueFd also_taken(OpenEventFd().value());
            if (!RefuseCloseRange(EPERM, kFirstFreeFd + 2)) return 2;
            return dial("close_range", EPERM);
          }) == 0);
  }
}

TEST_CASE("table: a table without room for a connection has no successor") {
  SUBCASE("dialing") {
    RunOptions options = SelfDialRun(10);
    options.table_size = 12;
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run->tables_used_up());
    CHECK(run->table_count() == 1);
    CHECK(run.End());
  }
  SUBCASE("accepting") {
    RunOptions options = ListenRun(ListenOn({UniqueLoopback()}));
    options.table_size = 12;
    ScratchRun run(std::move(options));
    REQUIRE(run.Start().size() == 1);
    CHECK(Eventually([&] { return run->tables_used_up(); }));
    CHECK(run->table_count() == 1);
    CHECK(run.End());
  }
}

TEST_CASE("table: in a self-dial, connections of other clients never make the table overflow") {
  RunOptions options = InSmallTables(SelfDialRun(2000));
  options.max_tables = 1;
  options.dial->rate = {{.at_ns = 0, .per_second = 300}};
  ScratchRun run(std::move(options));
  const auto listening = run.Start();
  REQUIRE(listening.size() == 1);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(Connected(listening[0]));
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run->tables_used_up());
  const Totals totals = run.totals();
  CHECK(totals.dialed_open + totals.accepted_open <= kRoom);
  CHECK(run.End());
}

TEST_CASE("table: the limit of descriptors limits its connections") {
  const int status = InChild([] {
    const rlimit limit{.rlim_cur = kSmallTable, .rlim_max = kSmallTable};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
    ScratchRun run(SelfDialRun(500, 2));
    run.Start();
    if (!run.Wait(Event::kRamped)) return 3;
    const Totals totals = run.totals();
    if (totals.established != 500 || totals.failed != 0) return 4;
    if (run->table_count() < 2 * 500 / kRoom) return 5;
    return run.End() ? 0 : 6;
  });
  CHECK(status == 0);
}

TEST_CASE("table: closing a run while workers change tables causes no error") {
  for (int i = 0; i < 400; ++i) {
    RunOptions options = SelfDialRun(100'000, 2);
    options.table_size = 24;
    ScratchRun run(std::move(options));
    REQUIRE(run.Start().size() == 2);
    const uint64_t moves = 2 + static_cast<uint64_t>(i) % 40;
    REQUIRE(Eventually([&] { return run->table_count() > moves; }));
    REQUIRE(run.End());
    for (const auto& error : run->Errors()) FAIL(error.example << ": " << error.code);
    CHECK_FALSE(run->tables_used_up());
  }
}

TEST_CASE("table: an error of epoll names the call that failed") {
  const auto example = [](uint32_t call, int error, const std::string& name) {
    return InChild([&] {
      ScratchRun run(SelfDialRun(10));
      REQUIRE(PrivateTablesWork());
      if (!RefuseCall(call, error)) return 2;
      if (run.Start().empty()) return 3;
      if (!run.Wait(Event::kRamped)) return 4;
      const auto errors = run->Errors();
      if (errors.size() != 1 || errors[0].code != error || errors[0].example != name) return 5;
      return run.End() ? 0 : 6;
    });
  };
  CHECK(example(SYS_epoll_create1, EMFILE, "epoll_create1") == 0);
  CHECK(example(SYS_epoll_ctl, ENOSPC, "epoll_ctl") == 0);
}

}  // namespace c1m::test
