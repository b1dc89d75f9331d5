#include "native/engine/space/schedule.h"

#include <algorithm>
#include <cmath>

#include "native/net/clock.h"

namespace c1m {

Schedule::Schedule(uint64_t total, const std::vector<RatePoint>& points) : total_(total) {
  double started = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const double at_s = static_cast<double>(points[i].at_ns) / kNsPerSecond;
    double slope = 0;
    double length = 0;
    if (i + 1 < points.size()) {
      length = static_cast<double>(points[i + 1].at_ns - points[i].at_ns) / kNsPerSecond;
      slope = (points[i + 1].per_second - points[i].per_second) / length;
    }
    segments_.push_back({at_s, points[i].per_second, slope, started});
    started += points[i].per_second * length + slope * length * length / 2;
  }
}

uint64_t Schedule::DueBy(int64_t elapsed_ns) const {
  if (!paced()) return total_;
  const double now_s = static_cast<double>(elapsed_ns) / kNsPerSecond;
  const auto after = std::find_if(segments_.begin(), segments_.end(),
                                  [&](const Segment& segment) { return segment.at_s > now_s; });
  if (after == segments_.begin()) return 0;
  const Segment& segment = *(after - 1);
  const double t = now_s - segment.at_s;
  const double due = segment.started + segment.rate * t + segment.slope * t * t / 2;
  // Connection 0 is due at the start, hence one more than the number of whole intervals.
  return due >= static_cast<double>(total_) ? total_ : static_cast<uint64_t>(due) + 1;
}

Schedule::Grant Schedule::Claim(int64_t elapsed_ns, uint64_t most) {
  const uint64_t due = std::min(total_, DueBy(elapsed_ns));
  uint64_t first = next_.load(std::memory_order_relaxed);
  uint64_t count = 0;
  do {
    if (first >= due) return {};
    count = std::min(most, due - first);
  } while (!next_.compare_exchange_weak(first, first + count, std::memory_order_relaxed));
  return Grant{.first = first, .count = count};
}

int64_t Schedule::DueNs(uint64_t index) const {
  if (!paced()) return 0;
  const auto target = static_cast<double>(index);
  // The first segment that reaches the target: after it the rate may stay at zero for a while.
  const auto after = std::find_if(segments_.begin() + 1, segments_.end(),
                                  [&](const Segment& next) { return next.started >= target; });
  const Segment& segment = *(after - 1);
  const double left = target - segment.started;
  double t = 0;
  if (left > 0) {
    // Solves rate * t + slope / 2 * t^2 = left in the form that stays exact for a slope near zero.
    // If the rate falls to zero, rounding may make the root negative.
    const double root = segment.rate * segment.rate + 2 * segment.slope * left;
    const double denominator = segment.rate + std::sqrt(std::max(root, 0.0));
    if (denominator <= 0) return kNever;
    t = 2 * left / denominator;
  }
  // Stays far enough below the largest value that a start time can be added.
  const double due_ns = (segment.at_s + t) * kNsPerSecond;
  return due_ns < static_cast<double>(kNever) / 2 ? static_cast<int64_t>(due_ns) : kNever;
}

}  // namespace c1m
