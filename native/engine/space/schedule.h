// Which connection may start when: an open-loop schedule all workers draw from.
//
// The schedule never looks at how the target answers, so a slow target cannot slow the offered load
// down; how late we are against it is recorded instead (coordinated omission).
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

namespace c1m {

// The rate at a moment of the run; between two points it changes linearly, after the last it stays.
struct RatePoint {
  int64_t at_ns = 0;
  double per_second = 0;
};

class Schedule {
 public:
  // No points: everything is due at once.
  Schedule(uint64_t total, const std::vector<RatePoint>& points);

  [[nodiscard]] bool paced() const { return !segments_.empty(); }
  [[nodiscard]] uint64_t started() const { return next_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool exhausted() const { return started() >= total_; }

  struct Grant {
    uint64_t first = 0;
    uint64_t count = 0;
  };
  // Up to `most` connections that are due `elapsed_ns` after the start. Safe from any thread.
  [[nodiscard]] Grant Claim(int64_t elapsed_ns, uint64_t most);
  // When the next unclaimed connection is due, in nanoseconds after the start; at once when all are
  // claimed, so that a table whose last look came before the last claim doesn't wait in vain.
  [[nodiscard]] int64_t NextDueNs() const {
    const uint64_t next = started();
    return next < total_ ? DueNs(next) : 0;
  }
  // When connection `index` (from 0) is due; never (the largest value) if the rate stays at zero
  // before it.
  [[nodiscard]] int64_t DueNs(uint64_t index) const;

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

 private:
  // From `at_s` on the rate is rate + slope * seconds since then; `started` connections came
  // before.
  struct Segment {
    double at_s;
    double rate;
    double slope;
    double started;
  };
  [[nodiscard]] uint64_t DueBy(int64_t elapsed_ns) const;

  uint64_t total_;
  std::vector<Segment> segments_;
  std::atomic<uint64_t> next_{0};
};

}  // namespace c1m
