// What a run tells of itself: counts, times and latencies over all its lanes and workers.
#include <memory>

#include "native/engine/run/run.h"
#include "native/net/clock.h"

namespace c1m {

CounterTotals Run::Totals() const {
  const std::lock_guard lock(mutex_);
  CounterTotals totals{};
  for (const auto& worker : workers_) AddTo(totals, worker->counters());
  return totals;
}

int64_t Run::DialingNs() const {
  const std::lock_guard lock(mutex_);
  if (state_.started_ns == 0) return 0;
  return (dialed_ns_ == 0 ? NowNs() : dialed_ns_) - state_.started_ns;
}

size_t Run::worker_count() const {
  const std::lock_guard lock(mutex_);
  return workers_.size();
}

bool Run::census_under_way() const {
  const std::lock_guard lock(mutex_);
  return census_takers_ > 0;
}

Histogram::Summary Run::ConnectLatency(bool first_try_only) const {
  const auto all = std::make_unique<Histogram>();
  for (const auto& lane : lanes_) {
    all->Merge(lane->first_try_latency);
    if (!first_try_only) all->Merge(lane->retried_latency);
  }
  return all->Summarize();
}

std::vector<Histogram::Bucket> Run::ConnectLatencies() const {
  const auto all = std::make_unique<Histogram>();
  for (const auto& lane : lanes_) {
    all->Merge(lane->first_try_latency);
    all->Merge(lane->retried_latency);
  }
  return all->Buckets();
}

Histogram::Summary Run::ExchangeLatency() const { return Summarize(&Lane::exchange_latency); }

Histogram::Summary Run::Lateness() const { return Summarize(&Lane::lateness); }

Histogram::Summary Run::Summarize(Histogram Lane::*part) const {
  const auto all = std::make_unique<Histogram>();
  for (const auto& lane : lanes_) all->Merge((*lane).*part);
  return all->Summarize();
}

int64_t Run::ShortestRestNs() const {
  if (space_) return space_->shortest_rest_ns();
  int64_t shortest = 0;
  for (const auto& lane : lanes_) {
    const int64_t rest = lane->own_space ? lane->own_space->shortest_rest_ns() : 0;
    if (rest != 0 && (shortest == 0 || rest < shortest)) shortest = rest;
  }
  return shortest;
}

}  // namespace c1m
