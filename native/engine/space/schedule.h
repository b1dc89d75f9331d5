// When each connection may start: an open-loop schedule shared by all workers.
//
// The schedule does not depend on the target's answers, so a slow target cannot reduce the offered
// load. Instead, the delay of each start is recorded (coordinated omission).
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

namespace c1m {

// The rate at a moment of the run. Between two points it changes linearly; after the last it holds.
struct RatePoint {
  int64_t at_ns = 0;
  double per_second = 0;
};

class Schedule {
 public:
  // Without points everything is due at once.
  Schedule(uint64_t total, const std::vector<RatePoint>& points);

  [[nodiscard]] bool paced() const { return !segments_.empty(); }
  [[nodiscard]] uint64_t started() const { return next_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool exhausted() const { return started() >= total_; }

  struct Grant {
    uint64_t first = 0;
    uint64_t count = 0;
  };
  // Claims up to `most` connections that are due `elapsed_ns` after the start. Thread-safe.
  [[nodiscard]] Grant Claim(int64_t elapsed_ns, uint64_t most);
  // When the next unclaimed connection is due, in nanoseconds after the start. Once all are claimed
  // it returns 0, so that a table that has not noticed the last claim checks at once.
  [[nodiscard]] int64_t NextDueNs() const {
    const uint64_t next = started();
    return next < total_ ? DueNs(next) : 0;
  }
  // When connection `index` (from 0) is due; kNever if the rate stays at zero before that.
  [[nodiscard]] int64_t DueNs(uint64_t index) const;

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

 private:
  // From `at_s` on the rate is rate + slope * (seconds since at_s); `started` connections are due
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
