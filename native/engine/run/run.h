// One run: workers of tables that dial, listen, or both, from start to the last close.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "native/engine/measure/counters.h"
#include "native/engine/measure/histogram.h"
#include "native/engine/run/table.h"
#include "native/engine/state/run_state.h"
#include "native/engine/state/worker.h"
#include "native/net/thread.h"

namespace c1m {

class Run final : private Supervisor {
 public:
  enum class Event : uint8_t {
    // Every connection asked for was started and each handshake has ended; the connections stand.
    kRamped,
    // The census asked for lies on its sheet.
    kCensused,
    // After Close(): every socket is closed and no thread will touch this run again.
    kClosed,
  };

  // `notify` is called once for each event, from the supervisor's thread.
  Run(RunOptions options, std::function<void(Event)> notify);
  // Closes and waits.
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Opens the listening sockets and starts one table per worker. Once.
  Result<std::vector<SocketAddress>> Start();
  // Reads TCP_INFO of every connection dialed that stands, or of some, all tables at once;
  // kCensused follows, before kClosed in any case. False when the run is over, or another census is
  // under way.
  [[nodiscard]] bool TakeCensus(const CensusOrder& order);
  // Whether tables may still write to the sheet of the last census.
  [[nodiscard]] bool census_under_way() const;
  // Begins to close everything; returns at once. Any number of times.
  void Close();
  // Waits for the tables to end. Only after Close().
  void Join();

  [[nodiscard]] CounterTotals Totals() const;
  [[nodiscard]] std::vector<ErrorTally::Entry> Errors() const { return state_.errors.entries(); }
  // Over all workers: every handshake, or only those without a repeated SYN.
  [[nodiscard]] Histogram::Summary ConnectLatency(bool first_try_only) const;
  [[nodiscard]] std::vector<Histogram::Bucket> ConnectLatencies() const;
  [[nodiscard]] Histogram::Summary ExchangeLatency() const;
  [[nodiscard]] Histogram::Summary Lateness() const;
  // In a churn: how long a tuple rested at least before it was used again; 0 when none was.
  [[nodiscard]] int64_t ShortestRestNs() const;
  // The most connections dialed, and accepted, that were open at one moment; see open_count.h.
  [[nodiscard]] uint64_t dialed_peak() const { return state_.dialed_open.peak(); }
  [[nodiscard]] uint64_t accepted_peak() const { return state_.accepted_open.peak(); }
  // Nanoseconds from the start until the ramp ended, or until Close() cut it short, or until now; 0
  // before the start.
  [[nodiscard]] int64_t DialingNs() const;
  [[nodiscard]] size_t table_count() const;
  [[nodiscard]] bool private_tables() const { return state_.private_tables; }
  [[nodiscard]] bool tuples_used_up() const { return state_.tuples_used_up; }
  [[nodiscard]] bool tables_used_up() const { return state_.tables_used_up; }

 private:
  void Ask(Request request, Worker& worker) override;
  Table* OpenNextTable(Table& full) override;

  // The supervisor: the one thread of the run that stays in the process's descriptor table and so
  // can make tables, wake them, and call JavaScript's event loop.
  void Supervise();
  // Handles one request with mutex_ held; returns the event it leads to.
  std::optional<Event> Handle(Request request, Worker& worker);
  void RelieveAcceptor(Worker& worker);
  // With mutex_ held, before anything is closed: what the tables have yet to bring into the peaks.
  void NotePeaks();
  // With mutex_ held: makes every table look at the state anew.
  void WakeTables();

  [[nodiscard]] Histogram::Summary Summarize(Histogram Worker::*part) const;
  void ReserveDescriptors();
  Result<std::vector<SocketAddress>> Listen();
  void PrepareWorkers(const std::vector<SocketAddress>& listening);
  // With mutex_ held: a new table on the worker, or nullptr when there may be no more.
  Table* OpenTable(Worker& worker, bool dials);
  // With mutex_ held: whether a table's thread was made; what failed is counted.
  bool HasThread(int error);
  // With mutex_ held: counts it among those at work.
  Table* Enlist(std::unique_ptr<Table> table, bool dials);
  void LetAccept(Worker& worker, Table& table);

  RunState state_;
  const std::function<void(Event)> notify_;
  std::unique_ptr<TupleSpace> space_;
  std::vector<std::unique_ptr<Worker>> workers_;
  size_t most_tables_ = 0;

  // Guards what follows; tables are only ever added.
  mutable std::mutex mutex_;
  std::condition_variable asked_;
  std::deque<std::pair<Request, Worker*>> requests_;
  std::vector<std::unique_ptr<Table>> tables_;
  size_t running_ = 0;
  size_t dialing_ = 0;
  // Why the last thread that could not be made was not.
  int thread_error_ = 0;
  // Tables whose part of the census is missing.
  size_t census_takers_ = 0;
  // When the ramp ended, or Close() came before that; 0 until then.
  int64_t dialed_ns_ = 0;
  Thread supervisor_;
};

}  // namespace c1m
