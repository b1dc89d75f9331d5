// The supervisor: the one thread of a run that stays in the process's descriptor table. It can make
// threads, wake every table, and call JavaScript's event loop, all of which a table can't.
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
    // Every connection asked for was started and each handshake has ended.
    kRamped,
    // The census asked for lies on its sheet.
    kCensused,
    // After Close(): every socket is closed and no thread will touch this run again.
    kClosed,
  };

  // `notify` is called once for each event, from the supervisor's thread.
  Supervisor(RunState& run, std::function<void(Event)> notify)
      : run_(run), notify_(std::move(notify)) {}

  // Opens a table for each worker and starts the supervisor's thread. Once. The errno of
  // pthread_create(3), or 0.
  [[nodiscard]] int Start(const std::vector<std::unique_ptr<Worker>>& workers);
  // See Run.
  [[nodiscard]] bool TakeCensus(const CensusOrder& order);
  [[nodiscard]] bool census_under_way() const;
  void Close();
  void Join();

  // Over all tables.
  [[nodiscard]] CounterTotals Totals() const;
  [[nodiscard]] size_t table_count() const;
  [[nodiscard]] int64_t DialingNs() const;

 private:
  using Request = Table::Request;
  void Ask(Request request, Worker& worker) override;
  Table* OpenNextTable(Table& full) override;

  // The body of the supervisor's thread.
  void Supervise();

  // All that follow are called with mutex_ held.

  // Handles one request; returns the event it leads to.
  std::optional<Event> Handle(Request request, Worker& worker);
  void RelieveAcceptor(Worker& worker);
  void LetAccept(Worker& worker, const Table& table);
  // Makes every table look at the state anew.
  void WakeTables();
  // Brings what the tables have opened and not published yet into the peaks, before anything is
  // closed.
  void NotePeaks();
  // A new table of the worker, or nullptr when there may be no more.
  Table* OpenTable(Worker& worker, bool dials);
  [[nodiscard]] bool may_open() const;
  [[nodiscard]] std::unique_ptr<Table> MakeTable(Worker& worker, bool dials);
  // Whether the thread of a table was made, by what pthread_create(3) returned; a failure is
  // counted.
  bool HasThread(int error);
  // Counts the table among those at work.
  Table* Enlist(std::unique_ptr<Table> table, bool dials);

  RunState& run_;
  const std::function<void(Event)> notify_;

  // Guards what follows; tables are only ever added.
  mutable std::mutex mutex_;
  std::condition_variable asked_;
  std::deque<std::pair<Request, Worker*>> requests_;
  std::vector<std::unique_ptr<Table>> tables_;
  size_t running_ = 0;
  size_t dialing_ = 0;
  // The errno of the last thread that could not be made; 0 while all could.
  int thread_error_ = 0;
  // Tables whose part of the census is missing.
  size_t census_takers_ = 0;
  // When the ramp ended, or Close() came before that; 0 until then.
  int64_t dialed_ns_ = 0;
  Thread thread_;
};

}  // namespace c1m
