// Tables that share the descriptor table of the process.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "native/engine/measure/census.h"
#include "native/engine/run/table.h"
#include "native/net/descriptor_table.h"
#include "native/net/socket.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/process.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

// The number of descriptors 0 to 2 that are open, summed over the tables of all threads.
int StdioOfThreads() {
  int open = 0;
  for (const int thread : Threads()) {
    for (const int fd : OpenDescriptors(thread)) open += fd < kFirstFreeFd ? 1 : 0;
  }
  return open;
}

}  // namespace

// If the kernel or a container refuses private tables, all threads share the descriptor table of
// the process. The refusal lasts as long as the process, so these tests run in processes of their
// own.
TEST_CASE("table_shared: without private tables" * doctest::skip()) {
  if (!RefuseCloseRange(EPERM)) FAIL("seccomp");
  const std::vector<int> before = OpenDescriptors();
  {
    ScratchRun server(ListenRun(ListenOn({UniqueLoopback()}, ListenMode::kEcho)));
    const auto targets = server.Start();
    REQUIRE(targets.size() == 1);
    CHECK_FALSE(server->private_tables());
    RunOptions options = DialRun(DialTo(targets, 200));
    options.workers = 2;
    ScratchRun client(std::move(options));
    client.Start();
    REQUIRE(client.Wait(Event::kRamped));
    CHECK(client.totals().established == 200);
    REQUIRE(Eventually([&] { return server.totals().accepted_open == 200; }));
    CHECK(OpenDescriptors().size() > before.size() + 400);
    const UniqueFd other = Connected(targets[0]);
    REQUIRE(SendAll(other, "hello"));
    CHECK(Receive(other, 5) == "hello");
    REQUIRE(client.End());
    CHECK(Eventually([&] { return server.totals().accepted_closed_by_peer == 200; }));
    REQUIRE(server.End());

    ScratchRun both(SelfDialRun(300, 3));
    both.Start();
    REQUIRE(both.Wait(Event::kRamped));
    CHECK(both.totals().established == 300);
    REQUIRE(both.End());
  }
  CHECK(OpenDescriptors() == before);

  // The quota leaves a part of the table to the rest of the process.
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max = 200;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(DialTo({LocalAddress(listener)}, 1000)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run->tables_used_up());
  CHECK(run->Errors().empty());
  CHECK(run.totals().established > 100);
  CHECK(UniqueFd(OpenEventFd().value()).valid());
  CHECK(run.End());
}

TEST_CASE("table_shared: a run works if private tables are refused") {
  CHECK(RunAlone("table_shared: without private tables") == 0);
}

// A child has a copy of the table until it executes its program. A connection closed here meanwhile
// stays open in the copy, and epoll continues to report it.
TEST_CASE("table_shared: a copy exists while dialed connections end" * doctest::skip()) {
  if (!RefuseCloseRange(EPERM)) FAIL("seccomp");
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(DialTo({LocalAddress(listener)}, 20)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  std::vector<UniqueFd> peers = Accepted(listener, 20);
  REQUIRE(peers.size() == 20);
  for (const UniqueFd& peer : peers) REQUIRE(SendAll(peer, "x"));
  REQUIRE(Eventually([&] { return run.totals().dialed_bytes_received == 20; }));
  const TableCopy copy;
  for (const UniqueFd& peer : peers) ::shutdown(peer.get(), SHUT_WR);
  REQUIRE(Eventually([&] { return run.totals().dialed_open == 0; }));
  for (const UniqueFd& peer : peers) Disconnect(peer);
  // A table that has answered a census has handled all events before that.
  std::vector<std::byte> memory(CensusSheet::BytesFor(1));
  CensusSheet sheet(memory, 1);
  REQUIRE(run->TakeCensus({.sheet = &sheet}));
  REQUIRE(run.Wait(Event::kCensused));
  CHECK(run.totals().dialed_closed_by_peer == 20);
  CHECK(run->Errors().empty());
  CHECK(run.End());
}

TEST_CASE("table_shared: a copy exists while accepted connections end" * doctest::skip()) {
  if (!RefuseCloseRange(EPERM)) FAIL("seccomp");
  ScratchRun run(ListenRun(ListenOn({UniqueLoopback()})));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 1);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(Connected(targets[0]));
  REQUIRE(Eventually([&] { return run.totals().accepted_open == 20; }));
  const TableCopy copy;
  for (const UniqueFd& client : clients) ::shutdown(client.get(), SHUT_WR);
  REQUIRE(Eventually([&] { return run.totals().accepted_open == 0; }));
  // Their numbers are reused by listening sockets of the test, on which clients wait.
  std::vector<UniqueFd> others;
  std::vector<UniqueFd> guests;
  for (int i = 0; i < 20; ++i) others.push_back(Listening());
  for (const UniqueFd& other : others) guests.push_back(Connected(LocalAddress(other)));
  for (const UniqueFd& client : clients) Disconnect(client);
  const UniqueFd last = Connected(targets[0]);
  REQUIRE(Eventually([&] { return run.totals().accepted_open > 0; }));
  for (const UniqueFd& other : others) REQUIRE(Accepted(other).valid());
  CHECK(run.totals().accepted == 21);
  CHECK(run->Errors().empty());
  CHECK(run.End());
}

TEST_CASE(
    "table_shared: no events of a closed connection arrive although a copy of the table keeps it "
    "open") {
  CHECK(RunAlone("table_shared: a copy exists while dialed connections end") == 0);
  CHECK(RunAlone("table_shared: a copy exists while accepted connections end") == 0);
}

TEST_CASE("table_shared: descriptors exceed the array of states" * doctest::skip()) {
  if (!RefuseCloseRange(EPERM)) FAIL("seccomp");
  constexpr uint32_t kRecords = 256;
  std::vector<UniqueFd> taken;
  for (uint32_t i = 0; i < kRecords; ++i) taken.emplace_back(OpenEventFd().value());
  RunOptions listen = ListenRun(ListenOn({UniqueLoopback()}));
  listen.shared_table_size = kRecords;
  ScratchRun server(std::move(listen));
  const auto targets = server.Start();
  REQUIRE(targets.size() == 1);
  const UniqueFd client = Connected(targets[0]);
  CHECK(Eventually([&] { return server.Errors(Phase::kAccept, EMFILE) > 0; }));
  CHECK(EndOf(client) >= 0);
  CHECK(server.totals().accepted == 0);
  const UniqueFd listener = Listening();
  RunOptions dial = DialRun(DialTo({LocalAddress(listener)}, 100));
  dial.shared_table_size = kRecords;
  ScratchRun run(std::move(dial));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().failed == 100);
  CHECK(run.Errors(Phase::kSocket, EMFILE) == 100);
  CHECK(run.End());
  // It continues once lower numbers are free.
  taken.clear();
  const UniqueFd later = Connected(targets[0]);
  CHECK(Eventually([&] { return server.totals().accepted_open == 1; }));
  CHECK(server.End());
}

TEST_CASE("table_shared: a descriptor beyond the array of states is refused like EMFILE") {
  CHECK(RunAlone("table_shared: descriptors exceed the array of states") == 0);
}

// No descriptor of a run may have one of the numbers 0 to 2, to which the process prints.
TEST_CASE("table_shared: stdio stays closed" * doctest::skip()) {
  const bool shared = std::getenv("C1M_SHARED") != nullptr;
  if (shared && !RefuseCloseRange(EPERM)) FAIL("seccomp");
  REQUIRE(PrivateTablesWork() != shared);
  const UniqueFd kept(::dup(STDERR_FILENO));
  for (const int fd : {0, 1, 2}) ::close(fd);
  ScratchRun run(SelfDialRun(100, 2));
  const bool started = run.Start().size() == 2;
  const bool ramped = run.Wait(Event::kRamped);
  const bool accepted = Eventually([&] { return run.totals().accepted_open == 100; });
  const int stdio = StdioOfThreads();
  const bool ended = run.End();
  for (const int fd : {0, 1, 2}) ::dup2(kept.get(), fd);
  CHECK(started);
  CHECK(ramped);
  CHECK(accepted);
  CHECK(stdio == 0);
  CHECK(run.totals().established == 100);
  CHECK(run->Errors().empty());
  CHECK(ended);
}

TEST_CASE("table_shared: no descriptor takes one of the numbers of stdio") {
  CHECK(RunAlone("table_shared: stdio stays closed") == 0);
  ::setenv("C1M_SHARED", "1", 1);
  CHECK(RunAlone("table_shared: stdio stays closed") == 0);
  ::unsetenv("C1M_SHARED");
}

}  // namespace c1m::test
