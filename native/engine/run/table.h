// A table: one descriptor table with its own epoll instance, and the thread that serves it.
//
// The thread that dials for a worker goes from table to table: it leaves a full one to a keeper, a
// thread that shares that table, and goes on at once in the next. So a worker's work never waits
// for the scheduler to start a thread or to wake one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "native/engine/measure/counters.h"
#include "native/engine/state/run_state.h"
#include "native/engine/state/worker.h"
#include "native/net/result.h"
#include "native/net/thread.h"

namespace c1m {

class Table {
 public:
  // A table that doesn't dial accepts only.
  Table(RunState& run, Supervisor& supervisor, Worker& worker, bool dials);
  ~Table();

  // Starts a thread that serves this table, and those that follow it on the worker. The errno of
  // pthread_create(3), or 0.
  [[nodiscard]] int Start();
  // Starts a thread that serves this table instead of the calling one, which must be in its table.
  // The errno of pthread_create(3), or 0.
  [[nodiscard]] int StartKeeper();
  void Join();

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] Worker& worker() const { return worker_; }
  // Connections it could still take; a guess from another thread's point of view.
  [[nodiscard]] int room() const { return room_.load(std::memory_order_relaxed); }

 private:
  class Loop;
  void Lead();
  // Prepares what it works with; from here on it belongs to the calling thread's table.
  void Attach(const std::vector<int>& inherited, bool own_table);
  // Serves the table until everything in it is closed, or returns the table in whose table the
  // calling thread is to go on.
  Table* Serve();
  // Without a table or epoll there is no work to be done; the thread stays until the run closes, as
  // every table does.
  void Park(const SysError& error);
  void End();

  RunState& run_;
  Supervisor& supervisor_;
  Worker& worker_;
  const bool dials_;
  // The census that was under way when this table was made.
  const uint32_t census_seen_;
  Counters counters_;
  std::atomic<int> room_{0};
  // What is to be closed at the end besides the connections.
  std::vector<int> owned_;
  std::unique_ptr<Loop> loop_;
  Thread thread_;
  Thread keeper_;
};

}  // namespace c1m
