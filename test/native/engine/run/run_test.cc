#include "native/engine/run/run.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "native/net/descriptor_table.h"
#include "test/native/helpers/options.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/process.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

}  // namespace

TEST_CASE("run: a self-dial holds both ends and closes them") {
  for (const uint32_t workers : {1U, 3U}) {
    CAPTURE(workers);
    ScratchRun run(SelfDialRun(500, workers));
    CHECK(run.Start().size() == workers);  // each worker has its own port
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(Eventually([&] { return run.totals().accepted_open == 500; }));
    const Totals held = run.totals();
    CHECK(held.attempted == 500);
    CHECK(held.established == 500);
    CHECK(held.failed == 0);
    CHECK(held.dialed_open == 500);
    CHECK(held.accepted_open == 500);
    CHECK(held.skipped_ports == 0);
    CHECK(run->table_count() == workers);
    CHECK(run->private_tables());
    CHECK(run->ConnectLatency(/*first_try_only=*/false).count == 500);
    CHECK(run->ConnectLatency(/*first_try_only=*/true).count == 500);
    REQUIRE(run.End());
    const Totals closed = run.totals();
    CHECK(closed.established == 500);
    CHECK(closed.dialed_open == 0);
    CHECK(closed.accepted_open == 0);
    CHECK(run->Errors().empty());
    CHECK(run.events(Event::kRamped) == 1);
    CHECK(run.events(Event::kClosed) == 1);
  }
}

TEST_CASE("run: one run dials what another one listens on") {
  ScratchRun server(ListenRun(ListenOn({UniqueLoopback()})));
  const auto targets = server.Start();
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].port() != 0);
  ScratchRun client(DialRun(DialTo(targets, 300)));
  CHECK(client.Start().empty());
  REQUIRE(client.Wait(Event::kRamped));
  CHECK(Eventually([&] { return server.totals().accepted_open == 300; }));
  REQUIRE(client.End());
  CHECK(Eventually([&] { return server.totals().accepted_closed_by_peer == 300; }));
  CHECK(Eventually([&] { return server.totals().accepted_open == 0; }));
  CHECK(client.totals().dialed_closed_by_peer == 0);
  CHECK(server.events(Event::kRamped) == 0);
  CHECK(server.End());
}

TEST_CASE("run: it works over IPv6") {
  ScratchRun server(ListenRun(ListenOn({Address("::1")})));
  const auto targets = server.Start();
  REQUIRE(targets.size() == 1);
  RunOptions options = DialRun(DialTo(targets, 50));
  options.dial->sources = {{.first = Address("::1"), .count = 1}};
  ScratchRun client(std::move(options));
  client.Start();
  REQUIRE(client.Wait(Event::kRamped));
  CHECK(client.totals().established == 50);
  CHECK(Eventually([&] { return server.totals().accepted_open == 50; }));
  CHECK(client.End());
  CHECK(server.End());
}

TEST_CASE("run: it leaves no descriptor and no thread in the process") {
  REQUIRE(PrivateTablesWork());  // checked once per process
  const std::vector<int> descriptors = OpenDescriptors();
  const size_t threads = ThreadCount();
  {
    RunOptions options = SelfDialRun(400, 2);
    options.table_size = 128;
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(ThreadCount() > threads);
    // The wake-up and one listening socket per worker, but none of the 800 ends of connections.
    CHECK(OpenDescriptors().size() == descriptors.size() + 3);
    REQUIRE(run.End());
  }
  CHECK(OpenDescriptors() == descriptors);
  // A joined thread may not have left the kernel yet.
  CHECK(Eventually([&] { return ThreadCount() <= threads; }));
}

TEST_CASE("run: its destructor closes it at any moment") {
  const std::vector<int> descriptors = OpenDescriptors();
  SUBCASE("never started") { const ScratchRun run(SelfDialRun(100)); }
  SUBCASE("just started") {
    ScratchRun run(SelfDialRun(100'000, 2));
    REQUIRE(run.Start().size() == 2);
  }
  SUBCASE("during the ramp") {
    ScratchRun run(SelfDialRun(1'000'000, 2));
    run.Start();
    REQUIRE(Eventually([&] { return run.totals().established > 1000; }));
  }
  SUBCASE("while holding") {
    ScratchRun run(SelfDialRun(100));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
  }
  CHECK(OpenDescriptors() == descriptors);
}

TEST_CASE("run: Close ends a ramp and closes all connections") {
  ScratchRun run(SelfDialRun(1'000'000, 2));
  run.Start();
  REQUIRE(Eventually([&] { return run.totals().established > 2000; }));
  REQUIRE(run.End());
  const Totals closed = run.totals();
  CHECK(closed.established < 1'000'000);
  CHECK(closed.dialed_open == 0);
  CHECK(closed.accepted_open == 0);
  CHECK(run.events(Event::kClosed) == 1);
  CHECK(run.events(Event::kRamped) == 0);
  // The time of the ramp no longer changes once the ramp was cut short.
  const int64_t dialing_ns = run->DialingNs();
  CHECK(dialing_ns > 0);
  CHECK(run->DialingNs() == dialing_ns);
}

TEST_CASE("run: Close right after Start closes it") {
  for (int i = 0; i < 20; ++i) {
    ScratchRun run(SelfDialRun(1000, 2));
    REQUIRE(run.Start().size() == 2);
    REQUIRE(run.End());
    CHECK(run.totals().dialed_open == 0);
    CHECK(run.events(Event::kClosed) == 1);
  }
}

TEST_CASE("run: Close may be called repeatedly and from any thread") {
  ScratchRun run(SelfDialRun(200));
  run.Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&run] { run->Close(); });
  for (std::thread& thread : threads) thread.join();
  CHECK(run.End());
  run->Close();
  CHECK(run.events(Event::kClosed) == 1);
}

TEST_CASE("run: Close before Start keeps it from opening anything") {
  ScratchRun run(SelfDialRun(200));
  run->Close();
  REQUIRE(run.Start().size() == 1);
  REQUIRE(run.End());
  CHECK(run.totals().established == 0);
}

TEST_CASE("run: a listener that cannot be opened names the call and leaves nothing open") {
  const UniqueFd taken = Listening();
  const std::vector<int> descriptors = OpenDescriptors();
  {
    // The first address is free; its socket must be closed again.
    Run run(ListenRun(ListenOn({UniqueLoopback(), LocalAddress(taken)})), [](Event) {});
    const auto started = run.Start();
    REQUIRE_FALSE(started.ok());
    CHECK(started.error().code == EADDRINUSE);
    CHECK(std::string(started.error().syscall) == "bind");
  }
  CHECK(OpenDescriptors() == descriptors);
}

TEST_CASE("run: a listener whose option is refused names the call and leaves nothing open") {
  const std::vector<int> descriptors = OpenDescriptors();
  {
    ListenOptions listen = ListenOn({UniqueLoopback()});
    listen.socket_options = {MissingDevice()};
    Run run(ListenRun(std::move(listen)), [](Event) {});
    const auto started = run.Start();
    REQUIRE_FALSE(started.ok());
    CHECK(started.error().code == ENODEV);
    CHECK(std::string(started.error().syscall) == "setsockopt");
  }
  CHECK(OpenDescriptors() == descriptors);
}

TEST_CASE("run: Start fails with pthread_create if threads cannot be started") {
  // No thread at all, or fewer than one for each listening worker.
  for (const rlim_t threads : {0U, 4U}) {
    CAPTURE(threads);
    const int status = InChild([threads] {
      // RLIMIT_NPROC does not apply to root.
      if (::getuid() == 0 && ::setuid(65534) != 0) return 2;
      const rlimit limit{.rlim_cur = threads, .rlim_max = threads};
      if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 3;
      RunOptions options = ListenRun(ListenOn({UniqueLoopback()}));
      options.workers = 8;
      Run run(std::move(options), [](Event) {});
      const auto started = run.Start();
      if (started.ok()) return 4;
      const bool named = std::string(started.error().syscall) == "pthread_create";
      return named && started.error().code == EAGAIN ? 0 : 5;
    });
    CHECK(status == 0);
  }
}

TEST_CASE("run: its port is free after Join") {
  // On a single CPU the joining thread continues before the joined one has fully left the kernel.
  const OneCpu one_cpu;
  const SocketAddress address = WithPort(UniqueLoopback(), 7000);
  int taken = 0;
  for (int i = 0; i < 30; ++i) {
    RunOptions options = ListenRun(ListenOn({address}));
    options.workers = 4;
    ScratchRun run(std::move(options));
    REQUIRE(run.Start().size() == 1);
    // Nothing may run between the two calls, not even a check.
    const bool ended = run.End();
    const bool free = Listening(address).valid();
    REQUIRE(ended);
    if (!free) ++taken;
  }
  CHECK(taken == 0);
}

TEST_CASE("run: after Join no connection is open") {
  ScratchRun server(ListenRun(ListenOn({UniqueLoopback()})));
  const auto targets = server.Start();
  REQUIRE(targets.size() == 1);
  const UniqueFd client = Connected(targets[0]);
  REQUIRE(Eventually([&] { return server.totals().accepted_open == 1; }));
  REQUIRE(server.End());
  CHECK(EndOf(client) == 0);
  CHECK_FALSE(Connected(targets[0]).valid());
}

TEST_CASE("run: two runs at the same time do not disturb each other") {
  ScratchRun first(SelfDialRun(500, 2));
  ScratchRun second(SelfDialRun(500, 2));
  first.Start();
  second.Start();
  REQUIRE(first.Wait(Event::kRamped));
  REQUIRE(second.Wait(Event::kRamped));
  CHECK(first.End());
  CHECK(second.totals().dialed_open == 500);
  CHECK(second.totals().dialed_closed_by_peer == 0);
  CHECK(second.End());
}

}  // namespace c1m::test
