// What a run tells of itself: counts, times and latencies over all its workers and tables.
#include <memory>

#include "native/engine/run/run.h"
#include "native/net/clock.h"

namespace c1m {

CounterTotals Run::Totals() const {
  const std::lock_guard lock(mutex_);
  CounterTotals totals{};
  for (const auto& table : tables_) AddTo(totals, table->counters());
  return totals;
}

int64_t Run::DialingNs() const {
  const std::lock_guard lock(mutex_);
  if (state_.started_ns == 0) return 0;
  return (dialed_ns_ == 0 ? NowNs() : dialed_ns_) - state_.started_ns;
}

size_t Run::table_count() const {
  const std::lock_guard lock(mutex_);
  return tables_.size();
}

bool Run::census_under_way() const {
  const std::lock_guard lock(mutex_);
  return census_takers_ > 0;
}

Histogram::Summary Run::ConnectLatency(bool first_try_only) const {
  const auto all = std::make_unique<Histogram>();
  for (const auto& worker : workers_) {
    all->Merge(worker->first_try_latency);
    if (!first_try_only) all->Merge(worker->retried_latency);
  }
  return all->Summarize();
}

std::vector<Histogram::Bucket> Run::ConnectLatencies() const {
  const auto all = std::make_unique<Histogram>();
  for (const auto& worker : workers_) {
    all->Merge(worker->first_try_latency);
    all->Merge(worker->retried_latency);
  }
  return all->Buckets();
}

Histogram::Summary Run::ExchangeLatency() const { return Summarize(&Worker::exchange_latency); }

Histogram::Summary Run::Lateness() const { return Summarize(&Worker::lateness); }

Histogram::Summary Run::Summarize(Histogram Worker::*part) const {
  const auto all = std::make_unique<Histogram>();
  for (const auto& worker : workers_) all->Merge((*worker).*part);
  return all->Summarize();
}

int64_t Run::ShortestRestNs() const {
  if (space_) return space_->shortest_rest_ns();
  int64_t shortest = 0;
  for (const auto& worker : workers_) {
    const int64_t rest = worker->own_space ? worker->own_space->shortest_rest_ns() : 0;
    if (rest != 0 && (shortest == 0 || rest < shortest)) shortest = rest;
  }
  return shortest;
}

}  // namespace c1m
