#include "native/engine/space/schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "native/net/clock.h"

namespace c1m::test {
namespace {

constexpr uint64_t kAll = UINT64_MAX;

using Points = std::vector<RatePoint>;

RatePoint At(double seconds, double per_second) {
  return {.at_ns = static_cast<int64_t>(seconds * kNsPerSecond), .per_second = per_second};
}

int64_t Ns(double seconds) { return static_cast<int64_t>(seconds * kNsPerSecond); }

// The number of connections that a new schedule has due by then.
uint64_t DueBy(const Points& points, double seconds, uint64_t total = 1'000'000) {
  return Schedule(total, points).Claim(Ns(seconds), kAll).count;
}

}  // namespace

TEST_CASE("schedule: without a rate everything is due at once") {
  Schedule schedule(100, {});
  CHECK_FALSE(schedule.paced());
  CHECK(schedule.NextDueNs() == 0);
  const auto grant = schedule.Claim(0, kAll);
  CHECK(grant.first == 0);
  CHECK(grant.count == 100);
  CHECK(schedule.exhausted());
  CHECK(schedule.Claim(0, kAll).count == 0);
}

TEST_CASE(
    "schedule: a claim takes at most what was requested and continues where the last one ended") {
  Schedule schedule(100, {});
  CHECK(schedule.Claim(0, 30).first == 0);
  const auto second = schedule.Claim(0, 30);
  CHECK(second.first == 30);
  CHECK(second.count == 30);
  CHECK(schedule.started() == 60);
  CHECK(schedule.Claim(0, kAll).count == 40);
}

TEST_CASE("schedule: a schedule without connections is exhausted from the start") {
  Schedule schedule(0, {At(0, 100)});
  CHECK(schedule.exhausted());
  CHECK(schedule.Claim(Ns(10), kAll).count == 0);
}

TEST_CASE("schedule: a constant rate starts one connection at once and then one per interval") {
  const Points points = {At(0, 100)};
  CHECK(DueBy(points, 0) == 1);
  CHECK(DueBy(points, 0.0099) == 1);
  CHECK(DueBy(points, 0.0101) == 2);
  CHECK(DueBy(points, 0.9999) == 100);
  CHECK(DueBy(points, 1.0001) == 101);
  CHECK(DueBy(points, 3600) == 360'001);
  CHECK(DueBy(points, 3600, 500) == 500);
}

TEST_CASE("schedule: a ramp follows its integral") {
  const Points points = {At(0, 0), At(10, 1000)};
  CHECK(DueBy(points, 1.001) == 51);
  CHECK(DueBy(points, 5.001) == 1251);
  CHECK(DueBy(points, 10.0001) == 5001);
  // The last rate holds.
  CHECK(DueBy(points, 11.0001) == 6001);
}

TEST_CASE("schedule: a ramp may fall") {
  const Points points = {At(0, 1000), At(2, 100)};
  CHECK(DueBy(points, 1.0001) == 776);
  CHECK(DueBy(points, 2.0001) == 1101);
  CHECK(DueBy(points, 3.0001) == 1201);
}

TEST_CASE("schedule: nothing is due before its first point") {
  const Points points = {At(5, 100)};
  CHECK(DueBy(points, 4.999) == 0);
  CHECK(DueBy(points, 5) == 1);
  CHECK(Schedule(10, points).NextDueNs() == Ns(5));
}

TEST_CASE("schedule: while the rate is zero no further connection is due") {
  const Points points = {At(0, 100), At(1, 0), At(3, 0), At(4, 100)};
  CHECK(DueBy(points, 1.0001) == 51);
  CHECK(DueBy(points, 2.9) == 51);
  CHECK(DueBy(points, 5.0001) == 201);
  const Schedule schedule(1000, points);
  CHECK(schedule.DueNs(50) == Ns(1));
  CHECK(schedule.DueNs(51) > Ns(3));
  CHECK(schedule.DueNs(100) == Ns(4));
}

TEST_CASE("schedule: after a last rate of zero nothing is due") {
  const Schedule schedule(1000, {At(0, 100), At(1, 0)});
  CHECK(schedule.DueNs(49) < Ns(1));
  CHECK(schedule.DueNs(51) == Schedule::kNever);
  CHECK(schedule.DueNs(999) == Schedule::kNever);
}

TEST_CASE("schedule: a connection too far in the future to be timed is never due") {
  const Schedule schedule(UINT64_MAX, {At(0, 1e-9)});
  CHECK(schedule.DueNs(0) == 0);
  CHECK(static_cast<double>(schedule.DueNs(1)) == doctest::Approx(1e18));
  CHECK(schedule.DueNs(1'000'000) == Schedule::kNever);
}

TEST_CASE("schedule: the due time of a connection is the first moment at which it can be claimed") {
  const std::vector<Points> shapes = {
      {At(0, 1)},
      {At(0, 3333.3)},
      {At(0, 0), At(30, 200)},
      {At(0, 200), At(30, 0), At(31, 0), At(60, 10)},
      {At(0, 7), At(1, 7), At(2, 0), At(3, 7)},
      {At(0, 0), At(10, 0), At(20, 100)},
      {At(0, 10), At(0.1, 1000), At(0.3, 0.5)},
  };
  for (const Points& points : shapes) {
    const Schedule schedule(1'000'000, points);
    for (uint64_t index = 0; index < 4000; ++index) {
      const int64_t due_ns = schedule.DueNs(index);
      if (due_ns == Schedule::kNever) break;
      // A nanosecond for rounding the moment, another one for the sum up to it.
      Schedule by_then(1'000'000, points);
      const uint64_t claimed = by_then.Claim(due_ns + 2, kAll).count;
      if (claimed <= index) CAPTURE(index);
      REQUIRE(claimed > index);
      if (due_ns < 1000) continue;
      Schedule before(1'000'000, points);
      REQUIRE(before.Claim(due_ns - 1000, kAll).count <= index);
    }
  }
}

TEST_CASE("schedule: with any shape, every connection that is not due yet has a due time") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 60; ++round) {
    Points points;
    double at = 0;
    for (int i = 0; i < 6; ++i) {
      points.push_back(At(at, round % 2 == 0 ? static_cast<double>(random() % 4) * 33.3
                                             : static_cast<double>(random() % 1000) / 7));
      at += 0.001 + static_cast<double>(random() % 3000) / 1000;
    }
    points.push_back(At(at, 100));
    Schedule schedule(2000, points);
    int64_t last_ns = 0;
    for (uint64_t index = 0; index < 2000; ++index) {
      const int64_t due_ns = schedule.DueNs(index);
      if (due_ns == Schedule::kNever || due_ns < last_ns) CAPTURE(round);
      REQUIRE(due_ns != Schedule::kNever);
      REQUIRE(due_ns >= last_ns);
      last_ns = due_ns;
    }
    REQUIRE(schedule.Claim(last_ns + 2, kAll).count == 2000);
  }
}

TEST_CASE("schedule: a worker that follows the due times starts all connections in time") {
  Schedule schedule(500, {At(0, 0), At(1, 400), At(2, 0), At(3, 0), At(4, 1000)});
  int64_t now_ns = 0;
  int steps = 0;
  while (!schedule.exhausted()) {
    const auto grant = schedule.Claim(now_ns, 64);
    if (grant.count == 0) now_ns = std::max(now_ns + 1, schedule.NextDueNs());
    REQUIRE(++steps < 2000);
  }
  CHECK(now_ns < Ns(5));
}

TEST_CASE("schedule: once all have started, the next due time is at once") {
  // A worker that finds nothing to claim asks when to look again; meanwhile another worker may have
  // claimed the last connection.
  Schedule ends(51, {At(0, 100), At(1, 0)});
  CHECK(ends.Claim(Ns(2), kAll).count == 51);
  CHECK(ends.NextDueNs() == 0);
  Schedule slow(1, {At(0, 0.001)});
  CHECK(slow.Claim(0, kAll).count == 1);
  CHECK(slow.NextDueNs() == 0);
}

TEST_CASE("schedule: several threads claim every connection exactly once") {
  constexpr uint64_t kTotal = 100'000;
  for (const Points& points : {Points{}, Points{At(0, 1e6), At(0.05, 2e6)}}) {
    Schedule schedule(kTotal, points);
    std::vector<std::atomic<uint8_t>> claims(kTotal);
    std::vector<std::thread> threads;
    const int64_t began_ns = NowNs();
    for (uint64_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        while (!schedule.exhausted()) {
          const auto grant = schedule.Claim(NowNs() - began_ns, 1 + i * 13);
          for (uint64_t k = 0; k < grant.count; ++k) ++claims[grant.first + k];
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(std::all_of(claims.begin(), claims.end(), [](const auto& count) { return count == 1; }));
    CHECK(schedule.started() == kTotal);
  }
}

}  // namespace c1m::test
