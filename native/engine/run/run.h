// One run: workers that dial, listen, or both, from start to the last close.
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

  // `notify` is called once for each event, from the supervisor's thread.
  Run(RunOptions options, std::function<void(Event)> notify);
  // Closes and waits.
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Opens the listening sockets and one table per worker. Once.
  Result<std::vector<SocketAddress>> Start();
  // Reads TCP_INFO of every dialed connection that is open, or of some, in all tables at once;
  // kCensused follows, before kClosed in any case. False when the run is over, or another census is
  // under way.
  [[nodiscard]] bool TakeCensus(const CensusOrder& order) { return supervisor_.TakeCensus(order); }
  // Whether tables may still write to the sheet of the last census.
  [[nodiscard]] bool census_under_way() const { return supervisor_.census_under_way(); }
  // Begins to close everything; returns at once. Any number of times.
  void Close() { supervisor_.Close(); }
  // Waits for all threads to end. Only after Close().
  void Join();

  [[nodiscard]] CounterTotals Totals() const { return supervisor_.Totals(); }
  [[nodiscard]] std::vector<ErrorTally::Entry> Errors() const { return state_.errors.entries(); }
  // Connections that ended before their time, and one of the answers that were not the expected
  // one.
  [[nodiscard]] std::vector<EarlyEnds::Entry> Ends() const { return state_.early_ends.entries(); }
  [[nodiscard]] std::optional<WrongAnswer::Sample> Wrong() const {
    return state_.wrong_answer.sample();
  }
  // What ICMP told of failed handshakes; a sample.
  [[nodiscard]] std::vector<IcmpTally::Entry> IcmpErrors() const { return state_.icmp.entries(); }
  // Over all workers: every handshake, or only those without a repeated SYN.
  [[nodiscard]] Histogram::Summary ConnectLatency(bool first_try_only) const;
  [[nodiscard]] Histogram::Summary ExchangeLatency() const;
  [[nodiscard]] Histogram::Summary Lateness() const;
  // Add the counts of each bucket of these histograms to `into`: Histogram::kBuckets of them.
  void AddConnectCounts(bool first_try_only, std::span<double> into) const;
  void AddExchangeCounts(std::span<double> into) const;
  // What became of the connections to each target, in the order of the targets.
  [[nodiscard]] std::vector<TargetTotals> Targets() const;
  [[nodiscard]] int64_t started_ns() const { return state_.started_ns; }
  // In a churn: the shortest time after which a tuple was used again; 0 when none was.
  [[nodiscard]] int64_t ShortestRestNs() const;
  // The most connections dialed, and accepted, that were open at one moment; see open_count.h.
  [[nodiscard]] uint64_t dialed_peak() const { return state_.dialed_open.peak(); }
  [[nodiscard]] uint64_t accepted_peak() const { return state_.accepted_open.peak(); }
  // Nanoseconds from the start until the ramp ended, or until Close() cut it short, or until now; 0
  // before the start.
  [[nodiscard]] int64_t DialingNs() const { return supervisor_.DialingNs(); }
  [[nodiscard]] size_t table_count() const { return supervisor_.table_count(); }
  [[nodiscard]] bool private_tables() const { return state_.private_tables; }
  [[nodiscard]] bool tuples_used_up() const { return state_.tuples_used_up; }
  [[nodiscard]] bool tables_used_up() const { return state_.tables_used_up; }

 private:
  void ReserveDescriptors();
  Result<std::vector<SocketAddress>> Listen();
  void PrepareTuples(const std::vector<SocketAddress>& listening);
  [[nodiscard]] Histogram::Summary Summarize(Histogram Worker::*part) const;

  RunState state_;
  // All tuples to the targets; in a self-dial each worker has a space of its own.
  std::unique_ptr<TupleSpace> space_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Supervisor supervisor_;
};

}  // namespace c1m
