// One run: workers that dial, listen, or both.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "native/engine/measure/census.h"
#include "native/engine/measure/counters.h"
#include "native/engine/measure/early_ends.h"
#include "native/engine/measure/error_tally.h"
#include "native/engine/measure/histogram.h"
#include "native/engine/measure/icmp_tally.h"
#include "native/engine/measure/target_counts.h"
#include "native/engine/run/supervisor.h"
#include "native/engine/space/tuple_space.h"
#include "native/engine/state/run_state.h"
#include "native/engine/state/worker.h"
#include "native/net/address.h"
#include "native/net/result.h"

namespace c1m {

class Run {
 public:
  using Event = Supervisor::Event;

  // `notify` is called once per event, on the supervisor's thread.
  Run(RunOptions options, std::function<void(Event)> notify);
  // Closes the run and waits for its threads.
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Opens the listening sockets and one table per worker. May be called once.
  Result<std::vector<SocketAddress>> Start();
  // Reads TCP_INFO of every open dialed connection, or of a sample, in all tables at once. The
  // event kCensused follows, always before kClosed. False if the run is over or another census is
  // in progress.
  [[nodiscard]] bool TakeCensus(const CensusOrder& order) { return supervisor_.TakeCensus(order); }
  // Whether tables may still write to the sheet of the last census.
  [[nodiscard]] bool census_under_way() const { return supervisor_.census_under_way(); }
  // Begins to close everything and returns at once. May be called repeatedly.
  void Close() { supervisor_.Close(); }
  // Waits for all threads to end. Only after Close().
  void Join();

  [[nodiscard]] CounterTotals Totals() const { return supervisor_.Totals(); }
  [[nodiscard]] std::vector<ErrorTally::Entry> Errors() const { return state_.errors.entries(); }
  // Connections that ended too early, and a sample of a wrong answer.
  [[nodiscard]] std::vector<EarlyEnds::Entry> Ends() const { return state_.early_ends.entries(); }
  [[nodiscard]] std::optional<WrongAnswer::Sample> Wrong() const {
    return state_.wrong_answer.sample();
  }
  // A sample of the ICMP errors that failed handshakes received.
  [[nodiscard]] std::vector<IcmpTally::Entry> IcmpErrors() const { return state_.icmp.entries(); }
  // Over all workers, either of every handshake or only of those without a repeated SYN.
  [[nodiscard]] Histogram::Summary ConnectLatency(bool first_try_only) const;
  [[nodiscard]] Histogram::Summary ExchangeLatency() const;
  [[nodiscard]] Histogram::Summary Lateness() const;
  // Add the counts of all Histogram::kBuckets buckets of these histograms to `into`.
  void AddConnectCounts(bool first_try_only, std::span<double> into) const;
  void AddExchangeCounts(std::span<double> into) const;
  // The results of the connections to each target, in the order of the targets.
  [[nodiscard]] std::vector<TargetTotals> Targets() const;
  [[nodiscard]] int64_t started_ns() const { return state_.started_ns; }
  // In a churn: the shortest reuse interval of a tuple; 0 if none was used again.
  [[nodiscard]] int64_t ShortestRestNs() const;
  // The largest number of dialed, and of accepted, connections open at one moment; see
  // open_count.h.
  [[nodiscard]] uint64_t dialed_peak() const { return state_.dialed_open.peak(); }
  [[nodiscard]] uint64_t accepted_peak() const { return state_.accepted_open.peak(); }
  // Nanoseconds from the start to the end of the ramp, to Close() if that came first, or to now; 0
  // before the start.
  [[nodiscard]] int64_t DialingNs() const { return supervisor_.DialingNs(); }
  [[nodiscard]] size_t table_count() const { return supervisor_.table_count(); }
  [[nodiscard]] bool private_tables() const { return state_.private_tables; }
  [[nodiscard]] bool tuples_used_up() const { return state_.tuples_used_up; }
  [[nodiscard]] bool tables_used_up() const { return state_.tables_used_up; }

 private:
  void PrepareDescriptors();
  Result<std::vector<SocketAddress>> Listen();
  void PrepareTuples(const std::vector<SocketAddress>& listening);
  [[nodiscard]] Histogram::Summary Summarize(Histogram Worker::*part) const;

  RunState state_;
  // All tuples to the targets; unused in a self-dial, in which each worker has its own space.
  std::unique_ptr<TupleSpace> space_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Supervisor supervisor_;
};

}  // namespace c1m
