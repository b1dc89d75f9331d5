#include "native/engine/dial/dialer.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "test/native/helpers/peer.h"
#include "test/native/helpers/process.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

}  // namespace

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

TEST_CASE("dialer: refused connections are counted with an example") {
  const SocketAddress target = UniqueLoopback(9);
  RunOptions options = DialRun(DialTo({target}, 500));
  options.workers = 2;
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

TEST_CASE("dialer: connects that fail before a packet is sent are counted separately") {
  // TCP does not support multicast.
  ScratchRun refused(DialRun(DialTo({Address("224.0.0.1", 80)}, 5)));
  refused.Start();
  REQUIRE(refused.Wait(Event::kRamped));
  CHECK(refused.totals().failed == 5);
  CHECK(refused.totals().failed_at_once == 5);
  CHECK(refused.End());
  ScratchRun reset(DialRun(DialTo({UniqueLoopback(9)}, 5)));
  reset.Start();
  REQUIRE(reset.Wait(Event::kRamped));
  CHECK(reset.totals().failed == 5);
  CHECK(reset.totals().failed_at_once == 0);
  CHECK(reset->IcmpErrors().empty());
  CHECK(reset.End());
}

TEST_CASE("dialer: a target that never answers causes a timeout") {
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
  // Four windows, one after another.
  CHECK(most_in_flight <= 5);
  CHECK(run->DialingNs() >= 4 * 60 * kNsPerMs);
  CHECK(run.End());
}

TEST_CASE("dialer: a repeated SYN is counted and its latency is recorded separately") {
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

TEST_CASE("dialer: a handshake that completed while the process was stopped does not time out") {
  const int status = InChild([] {
    const Deaf target = DeafListener();
    std::array<int, 2> dialed{};
    if (::pipe(dialed.data()) != 0) return 1;
    const pid_t process = ::getpid();
    const pid_t stopper = ::fork();
    if (stopper == 0) {
      char one = 0;
      if (::read(dialed[0], &one, 1) != 1) ::_exit(1);
      const int64_t expired_ns = NowNs() + 1200 * kNsPerMs;
      ::kill(process, SIGSTOP);
      // The connection that fills the queue, then ours, whose SYN the kernel repeats after a
      // second.
      const bool stood = Accepted(target.listener, 2).size() == 2;
      while (NowNs() < expired_ns) ::poll(nullptr, 0, 1);
      ::kill(process, SIGCONT);
      ::_exit(stood ? 0 : 1);
    }
    DialOptions dial = DialTo({target.address}, 1);
    dial.connect_timeout_ns = 1200 * kNsPerMs;
    ScratchRun run(DialRun(std::move(dial)));
    run.Start();
    if (!Eventually([&] { return run.totals().attempted == 1; })) return 2;
    if (::write(dialed[1], "1", 1) != 1) return 3;
    if (!run.Wait(Event::kRamped)) return 4;
    const bool stands = run.totals().established == 1 && run->Errors().empty();
    int stopped = 0;
    ::waitpid(stopper, &stopped, 0);
    if (!run.End() || stopped != 0) return 5;
    return stands ? 0 : 6;
  });
  CHECK(status == 0);
}

TEST_CASE("dialer: it keeps the rate, and the total is exact") {
  constexpr uint64_t kConnections = 300;
  for (const uint32_t workers : {1U, 3U}) {
    CAPTURE(workers);
    RunOptions options = SelfDialRun(kConnections, workers);
    options.dial->rate = {{.at_ns = 0, .per_second = 2000}};
    ScratchRun run(std::move(options));
    run.Start();
    // Never ahead of the schedule at any moment. (The count is read first, so that it is not newer
    // than the time.)
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

TEST_CASE("dialer: a ramp that pauses in between ends on every worker") {
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

TEST_CASE("dialer: many workers that compete for the last connection all end") {
  // A worker that finds nothing due must not wait for a moment that never comes.
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

TEST_CASE("dialer: it makes progress with a window of one and more workers than the window") {
  RunOptions options = SelfDialRun(200, 4);
  options.dial->window = 1;
  ScratchRun run(std::move(options));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().established == 200);
  CHECK(run.End());
}

TEST_CASE("dialer: with peers that reset at once, every attempt is counted") {
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
