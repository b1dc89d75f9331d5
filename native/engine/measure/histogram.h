// A latency histogram with logarithmic octaves divided into equal parts: constant relative error
// and constant size.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace c1m {

// Values in nanoseconds up to 2^40 (18 minutes); longer ones count as the longest. With 64 parts
// per octave a reported percentile is off by at most 1/128 = 0.8 %. Any number of threads may
// record; readers see a recent state.
class Histogram {
 public:
  void Record(int64_t ns) {
    const uint64_t value = ns < 0 ? 0 : static_cast<uint64_t>(ns);
    counts_[IndexOf(value)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
    uint64_t seen = max_.load(std::memory_order_relaxed);
    while (value > seen && !max_.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
  }

  void Merge(const Histogram& other);

  struct Summary {
    uint64_t count = 0;
    double mean_ns = 0;
    double p10_ns = 0;
    double p50_ns = 0;
    double p90_ns = 0;
    double p99_ns = 0;
    double p999_ns = 0;
    double max_ns = 0;
  };
  [[nodiscard]] Summary Summarize() const;

  static constexpr int kPartBits = 6;
  static constexpr int kMaxBits = 40;
  static constexpr uint64_t kParts = 1U << kPartBits;
  // The same for every histogram, so that their counts can be added.
  static constexpr size_t kBuckets = (kMaxBits - kPartBits + 1) * kParts;

  // Adds the counts of all kBuckets buckets to `into`.
  void AddCountsTo(std::span<double> into) const;
  // The lower bound of a bucket in nanoseconds, which is the upper bound of the previous one.
  static double BeginOf(size_t index);

 private:
  // Values below 2 * kParts have a bucket each; for larger ones the top kPartBits + 1 bits select
  // it.
  static size_t IndexOf(uint64_t value) {
    if (value < kParts) return value;
    const int octave = std::bit_width(value) - 1 - kPartBits;
    const size_t index = (static_cast<size_t>(octave) << kPartBits) + (value >> octave);
    return index < kBuckets ? index : kBuckets - 1;
  }
  static double MiddleOf(size_t index);
  [[nodiscard]] double Percentile(double share, uint64_t count, double max) const;

  std::array<std::atomic<uint64_t>, kBuckets> counts_{};
  std::atomic<uint64_t> sum_{0};
  std::atomic<uint64_t> max_{0};
};

}  // namespace c1m
