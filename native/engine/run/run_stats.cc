// The latencies and times of a run, merged over its workers.
#include <memory>

#include "native/engine/run/run.h"

namespace c1m {

Histogram::Summary Run::ConnectLatency(bool first_try_only) const {
  const auto all = std::make_unique<Histogram>();
  for (const auto& worker : workers_) {
    all->Merge(worker->first_try_latency);
    if (!first_try_only) all->Merge(worker->retried_latency);
  }
  return all->Summarize();
}

void Run::AddConnectCounts(bool first_try_only, std::span<double> into) const {
  for (const auto& worker : workers_) {
    worker->first_try_latency.AddCountsTo(into);
    if (!first_try_only) worker->retried_latency.AddCountsTo(into);
  }
}

void Run::AddExchangeCounts(std::span<double> into) const {
  for (const auto& worker : workers_) worker->exchange_latency.AddCountsTo(into);
}

std::vector<TargetTotals> Run::Targets() const {
  std::vector<TargetTotals> all;
  for (const auto& worker : workers_) {
    const auto& self_dial = worker->self_dial;
    for (uint32_t i = 0; i < worker->targets.size(); ++i) {
      const uint32_t number = self_dial ? self_dial->TargetNumber(i) : i;
      if (number >= all.size()) all.resize(number + 1);
      worker->targets.AddTo(i, all[number]);
    }
  }
  return all;
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
    const int64_t rest = worker->self_dial ? worker->self_dial->space().shortest_rest_ns() : 0;
    if (rest != 0 && (shortest == 0 || rest < shortest)) shortest = rest;
  }
  return shortest;
}

}  // namespace c1m
