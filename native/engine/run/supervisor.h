// The supervisor: the one thread of a run that stays in the descriptor table of the process. Only
// from there can it start threads, wake every table, and call JavaScript's event loop.
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

#include "native/engine/measure/census.h"
#include "native/engine/measure/counters.h"
#include "native/engine/run/table.h"
#include "native/engine/state/run_state.h"
#include "native/engine/state/worker.h"
#include "native/net/thread.h"

namespace c1m {

class Supervisor final : private Table::Owner {
 public:
  enum class Event : uint8_t {
    // Every connection was started and each handshake has ended.
    kRamped,
    // The requested census is complete.
    kCensused,
    // After Close(): every socket is closed and no thread uses this run any more.
    kClosed,
  };

  // `notify` is called once per event, on the supervisor's thread.
  Supervisor(RunState& run, std::function<void(Event)> notify)
      : run_(run), notify_(std::move(notify)) {}

  // Opens a table for each worker and starts the supervisor's thread. May be called once. Returns
  // the errno of pthread_create(3), or 0.
  [[nodiscard]] int Start(const std::vector<std::unique_ptr<Worker>>& workers);
  // See Run.
  [[nodiscard]] bool TakeCensus(const CensusOrder& order);
  [[nodiscard]] bool census_under_way() const;
  void Close();
  void Join();

  // Sums over all tables.
  [[nodiscard]] CounterTotals Totals() const;
  [[nodiscard]] size_t table_count() const;
  [[nodiscard]] int64_t DialingNs() const;

 private:
  using Request = Table::Request;
  void Post(Request request, Worker& worker) override;
  Table* OpenNextTable(Table& full) override;

  // The body of the supervisor's thread.
  void Supervise();

  // The functions below are called with mutex_ held.

  // Handles one request and returns the event that it causes.
  std::optional<Event> Handle(Request request, Worker& worker);
  void RelieveAcceptor(Worker& worker);
  void LetAccept(Worker& worker, const Table& table);
  // Makes every table read the run's state again.
  void WakeTables();
  // Raises the peaks by the connections that tables have opened but not published yet, before any
  // is closed.
  void NotePeaks();
  // Opens a new table for the worker; nullptr if no more may be opened.
  Table* OpenTable(Worker& worker, bool dials);
  [[nodiscard]] bool may_open() const;
  [[nodiscard]] std::unique_ptr<Table> MakeTable(Worker& worker, bool dials);
  // Whether a table's thread was started, given the result of pthread_create(3); counts a failure.
  bool CheckStarted(int error);
  // Adds the table to those that are running.
  Table* Register(std::unique_ptr<Table> table, bool dials);

  RunState& run_;
  const std::function<void(Event)> notify_;

  // Guards all members below; tables are only ever added.
  mutable std::mutex mutex_;
  std::condition_variable request_queued_;
  std::deque<std::pair<Request, Worker*>> requests_;
  std::vector<std::unique_ptr<Table>> tables_;
  size_t running_ = 0;
  size_t dialing_ = 0;
  // The errno of the last thread that could not be started; 0 if all were.
  int thread_error_ = 0;
  // Tables that have not finished the current census.
  size_t census_takers_ = 0;
  // When the ramp ended, or when Close() was called before that; 0 until then.
  int64_t dialed_ns_ = 0;
  Thread thread_;
};

}  // namespace c1m
