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

TEST_CASE("open count: the peak is the most that were open at one moment") {
  OpenCount all;
  Counter mine;
  OpenShare share(all, mine);
  for (int i = 0; i < 5; ++i) share.Open();
  // Opened and closed within one turn: nobody has been told yet.
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

TEST_CASE("open count: what other tables hold counts as well") {
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

TEST_CASE("open count: once some were closed, what opens counts at once") {
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

TEST_CASE("open count: threads that open at once miss none, and those that replace add none") {
  constexpr int kThreads = 4;
  constexpr int kEach = 10'000;
  OpenCount all;
  std::vector<Counters> counters(kThreads);
  std::barrier stand(kThreads);
  std::vector<std::thread> threads;
  for (Counters& mine : counters) {
    threads.emplace_back([&] {
      OpenShare share(all, mine.dialed_open);
      for (int i = 0; i < kEach; ++i) {
        share.Open();
        if (i % 64 == 0) share.Publish();
      }
      share.Publish();
      stand.arrive_and_wait();
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

TEST_CASE("open count: a run knows its peak however soon its connections have gone") {
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

TEST_CASE("open count: closing leaves the peak as it was, at both ends") {
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

TEST_CASE("open count: cut short in its ramp the peak is what was established") {
  ScratchRun run(SelfDialRun(1'000'000, 2));
  run.Start();
  REQUIRE(Eventually([&] { return run.totals().established > 2000; }));
  REQUIRE(run.End());
  CHECK(run->dialed_peak() <= run.totals().established);
  CHECK(run->dialed_peak() > 2000);
}

TEST_CASE("open count: a churn has never more open than it may") {
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
