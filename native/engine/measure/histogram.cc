#include "native/engine/measure/histogram.h"

#include <algorithm>
#include <cmath>

namespace c1m {

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) {
    const uint64_t count = other.counts_[i].load(std::memory_order_relaxed);
    if (count != 0) counts_[i].fetch_add(count, std::memory_order_relaxed);
  }
  sum_.fetch_add(other.sum_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  max_.store(
      std::max(max_.load(std::memory_order_relaxed), other.max_.load(std::memory_order_relaxed)),
      std::memory_order_relaxed);
}

double Histogram::BeginOf(size_t index) {
  if (index < 2 * kParts) return static_cast<double>(index);
  const size_t octave = (index >> kPartBits) - 1;
  return static_cast<double>(static_cast<uint64_t>(index - (octave << kPartBits)) << octave);
}

double Histogram::MiddleOf(size_t index) {
  // A bucket one nanosecond wide contains a single value.
  if (index < 2 * kParts) return BeginOf(index);
  return (BeginOf(index) + BeginOf(index + 1)) / 2;
}

double Histogram::Percentile(double share, uint64_t count, double max) const {
  const auto rank = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count)));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i].load(std::memory_order_relaxed);
    if (seen >= rank) return std::min(MiddleOf(i), max);
  }
  return max;
}

void Histogram::AddCountsTo(std::span<double> into) const {
  for (size_t i = 0; i < kBuckets; ++i) {
    into[i] += static_cast<double>(counts_[i].load(std::memory_order_relaxed));
  }
}

Histogram::Summary Histogram::Summarize() const {
  Summary summary;
  for (const auto& bucket : counts_) summary.count += bucket.load(std::memory_order_relaxed);
  if (summary.count == 0) return summary;
  summary.max_ns = static_cast<double>(max_.load(std::memory_order_relaxed));
  summary.mean_ns = static_cast<double>(sum_.load(std::memory_order_relaxed)) /
                    static_cast<double>(summary.count);
  summary.p10_ns = Percentile(0.1, summary.count, summary.max_ns);
  summary.p50_ns = Percentile(0.5, summary.count, summary.max_ns);
  summary.p90_ns = Percentile(0.9, summary.count, summary.max_ns);
  summary.p99_ns = Percentile(0.99, summary.count, summary.max_ns);
  summary.p999_ns = Percentile(0.999, summary.count, summary.max_ns);
  return summary;
}

}  // namespace c1m
