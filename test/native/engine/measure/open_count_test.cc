#include "native/engine/measure/open_count.h"

#include <doctest/doctest.h>

#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

}  // namespace

TEST_CASE("open_count: the peak is the largest number open at one moment") {
  OpenCount all;
  Counter mine;
  OpenShare share(all, mine);
  for (int i = 0; i < 5; ++i) share.Open();
  // Opened and closed within one turn: nothing has been published yet.
  for (int i = 0; i < 3; ++i) share.Close();
  CHECK(all.peak() == 5);
  for (int i = 0; i < 2; ++i) share.Open();
  share.Publish();
  CHECK(all.peak() == 5);
  for (int i = 0; i < 2; ++i) share.Open();
  share.Publish();
  share.Publish();
  CHECK(all.peak() == 6);
  CHECK(mine.get() == 6);
  share.Open();
  share.CloseAll();
  CHECK(all.peak() == 7);
  for (int i = 0; i < 7; ++i) share.CloseOneOfAll();
  CHECK(mine.get() == 0);
}

TEST_CASE("open_count: connections of other tables count too") {
  OpenCount all;
  Counter first_counter;
  Counter second_counter;
  OpenShare first(all, first_counter);
  OpenShare second(all, second_counter);
  for (int i = 0; i < 4; ++i) first.Open();
  first.Publish();
  second.Open();
  second.Close();
  CHECK(all.peak() == 5);
  first.CloseAll();
  for (int i = 0; i < 5; ++i) second.Open();
  second.Publish();
  CHECK(all.peak() == 5);
}

TEST_CASE("open_count: after the first close, new connections count at once") {
  OpenCount all;
  Counter first_counter;
  Counter second_counter;
  OpenShare first(all, first_counter);
  OpenShare second(all, second_counter);
  first.Open();
  first.Close();
  CHECK(all.falls());
  for (int i = 0; i < 3; ++i) first.Open();
  for (int i = 0; i < 4; ++i) second.Open();
  // No turn has ended since.
  CHECK(all.peak() == 7);
}

TEST_CASE(
    "open_count: the peak counts all that threads open at the same time, and no replacement") {
  constexpr int kThreads = 4;
  constexpr int kEach = 10'000;
  OpenCount all;
  std::vector<Counters> counters(kThreads);
  std::barrier ready(kThreads);
  std::vector<std::thread> threads;
  for (Counters& mine : counters) {
    threads.emplace_back([&] {
      OpenShare share(all, mine.dialed_open);
      for (int i = 0; i < kEach; ++i) {
        share.Open();
        if (i % 64 == 0) share.Publish();
      }
      share.Publish();
      ready.arrive_and_wait();
      for (int i = 0; i < kEach; ++i) {
        share.Close();
        share.Open();
        if (i % 64 == 0) share.Publish();
      }
      share.CloseAll();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(all.peak() == kThreads * kEach);
}

TEST_CASE("open_count: a run knows its peak even if its connections end at once") {
  const UniqueFd listener = Listening();
  RunOptions options = DialRun(DialTo({LocalAddress(listener)}, 300));
  options.workers = 2;
  options.table_size = 64;
  ScratchRun run(std::move(options));
  run.Start();
  std::vector<UniqueFd> peers = Accepted(listener, 300);
  REQUIRE(peers.size() == 300);
  REQUIRE(run.Wait(Event::kRamped));
  peers.clear();
  REQUIRE(Eventually([&] { return run.totals().dialed_open == 0; }));
  CHECK(run->dialed_peak() == 300);
  CHECK(run->accepted_peak() == 0);
  REQUIRE(run.End());
  CHECK(run->dialed_peak() == 300);
}

TEST_CASE("open_count: closing does not change the peak of either end") {
  for (const uint32_t workers : {1U, 3U}) {
    CAPTURE(workers);
    RunOptions options = SelfDialRun(2000, workers);
    options.table_size = 256;
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    REQUIRE(Eventually([&] { return run.totals().accepted_open == 2000; }));
    REQUIRE(run.End());
    CHECK(run->dialed_peak() == 2000);
    CHECK(run->accepted_peak() == 2000);
  }
}

TEST_CASE("open_count: if the ramp is cut short, the peak is the number established") {
  ScratchRun run(SelfDialRun(1'000'000, 2));
  run.Start();
  REQUIRE(Eventually([&] { return run.totals().established > 2000; }));
  REQUIRE(run.End());
  CHECK(run->dialed_peak() <= run.totals().established);
  CHECK(run->dialed_peak() > 2000);
}

TEST_CASE("open_count: a churn never has more connections open than requested") {
  ScratchRun server(ListenRun(ListenOn({UniqueLoopback()}, ListenMode::kCloseFirst)));
  const auto targets = server.Start();
  REQUIRE(targets.size() == 1);
  RunOptions options = DialRun(DialTo(targets, 6));
  options.workers = 2;
  options.dial->churn = true;
  options.dial->close = CloseMode::kRst;
  ScratchRun run(std::move(options));
  run.Start();
  REQUIRE(Eventually([&] { return run.totals().transactions > 5000; }));
  REQUIRE(run.End());
  CHECK(run->dialed_peak() >= 1);
  CHECK(run->dialed_peak() <= 6);
  REQUIRE(Eventually([&] { return server.totals().accepted > 1000; }));
  CHECK(server->accepted_peak() == 1);
  CHECK(server.End());
}

}  // namespace c1m::test
