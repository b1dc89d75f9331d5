#include "native/engine/measure/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace c1m::test {
namespace {

constexpr double kErrorBound = 1.0 / 128;

Histogram::Summary Summarize(const std::vector<int64_t>& values) {
  const auto histogram = std::make_unique<Histogram>();
  for (const int64_t value : values) histogram->Record(value);
  return histogram->Summarize();
}

bool Near(double reported, double exact) {
  return std::abs(reported - exact) <= exact * kErrorBound;
}

}  // namespace

TEST_CASE("histogram: an empty one has only zeros") {
  const auto summary = Summarize({});
  CHECK(summary.count == 0);
  CHECK(summary.mean_ns == 0);
  CHECK(summary.p50_ns == 0);
  CHECK(summary.p999_ns == 0);
  CHECK(summary.max_ns == 0);
}

TEST_CASE("histogram: a single value is each of its percentiles") {
  // Around every power of two, where the width of buckets changes, up to the last bucket.
  for (int bit = 0; bit < 40; ++bit) {
    for (const int64_t off : {-1, 0, 1}) {
      const int64_t value = (int64_t{1} << bit) + off;
      CAPTURE(value);
      const auto summary = Summarize({value});
      CHECK(summary.count == 1);
      CHECK(summary.mean_ns == static_cast<double>(value));
      CHECK(summary.max_ns == static_cast<double>(value));
      CHECK(Near(summary.p50_ns, static_cast<double>(value)));
      CHECK(summary.p50_ns <= summary.max_ns);
      CHECK(summary.p999_ns == summary.p50_ns);
    }
  }
}

TEST_CASE("histogram: each value is counted in the bucket whose bounds contain it") {
  for (const int64_t value : {0L, 5L, 127L, 128L, 129L, 1'000'000'000L, (1L << 40) - 1}) {
    const auto histogram = std::make_unique<Histogram>();
    histogram->Record(value);
    std::vector<double> counts(Histogram::kBuckets);
    histogram->AddCountsTo(counts);
    histogram->AddCountsTo(counts);
    for (size_t i = 0; i < counts.size(); ++i) {
      const bool holds = Histogram::BeginOf(i) <= static_cast<double>(value) &&
                         static_cast<double>(value) < Histogram::BeginOf(i + 1);
      CHECK(counts[i] == (holds ? 2 : 0));
    }
  }
}

TEST_CASE("histogram: values below 128 are exact") {
  for (int64_t value = 0; value < 128; ++value) {
    CHECK(Summarize({value, value, 1000}).p50_ns == static_cast<double>(value));
  }
}

TEST_CASE("histogram: percentiles are within the error bound of the exact ones") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(11, 2);
  std::vector<int64_t> values(20'000);
  for (int64_t& value : values) value = static_cast<int64_t>(latency(random));
  const auto summary = Summarize(values);
  std::sort(values.begin(), values.end());
  const auto exact = [&](double share) {
    const auto rank = std::ceil(share * static_cast<double>(values.size()));
    return static_cast<double>(values[static_cast<size_t>(rank) - 1]);
  };
  CHECK(summary.count == values.size());
  CHECK(Near(summary.p50_ns, exact(0.5)));
  CHECK(Near(summary.p90_ns, exact(0.9)));
  CHECK(Near(summary.p99_ns, exact(0.99)));
  CHECK(Near(summary.p999_ns, exact(0.999)));
  CHECK(summary.max_ns == static_cast<double>(values.back()));
}

TEST_CASE("histogram: a percentile is the smallest value that the given share does not exceed") {
  std::vector<int64_t> values;
  for (int64_t i = 1; i <= 100; ++i) values.push_back(i);
  const auto summary = Summarize(values);
  CHECK(summary.p50_ns == 50);
  CHECK(summary.p90_ns == 90);
  CHECK(summary.p99_ns == 99);
  CHECK(summary.p999_ns == 100);
  CHECK(summary.mean_ns == doctest::Approx(50.5));
}

TEST_CASE("histogram: a negative value counts as zero") {
  const auto summary = Summarize({-5});
  CHECK(summary.count == 1);
  CHECK(summary.max_ns == 0);
  CHECK(summary.p50_ns == 0);
}

TEST_CASE("histogram: a value beyond the range counts in the last bucket") {
  const int64_t hour_ns = 3'600'000'000'000;
  const auto summary = Summarize({hour_ns, INT64_MAX / 2});
  CHECK(summary.count == 2);
  CHECK(Near(summary.p50_ns, std::exp2(40)));
  CHECK(summary.max_ns == static_cast<double>(INT64_MAX / 2));
}

TEST_CASE("histogram: merging two equals recording all values into one") {
  const auto left = std::make_unique<Histogram>();
  const auto right = std::make_unique<Histogram>();
  std::vector<int64_t> values;
  for (int64_t i = 0; i < 1000; ++i) {
    values.push_back(i * i * 37);
    (i % 3 == 0 ? left : right)->Record(values.back());
  }
  const auto all = Summarize(values);
  left->Merge(*right);
  left->Merge(Histogram());
  const auto merged = left->Summarize();
  CHECK(merged.count == all.count);
  CHECK(merged.mean_ns == all.mean_ns);
  CHECK(merged.p50_ns == all.p50_ns);
  CHECK(merged.p99_ns == all.p99_ns);
  CHECK(merged.max_ns == all.max_ns);
  CHECK(right->Summarize().count == 666);
}

TEST_CASE("histogram: no record is lost with several threads") {
  const auto histogram = std::make_unique<Histogram>();
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&histogram, i] {
      for (int64_t k = 0; k < 10'000; ++k) histogram->Record(k * 4 + i);
    });
  }
  threads.emplace_back([&histogram] { (void)histogram->Summarize(); });
  for (std::thread& thread : threads) thread.join();
  const auto summary = histogram->Summarize();
  CHECK(summary.count == 40'000);
  CHECK(summary.max_ns == 39'999);
  CHECK(summary.mean_ns == doctest::Approx(19'999.5));
}

}  // namespace c1m::test
