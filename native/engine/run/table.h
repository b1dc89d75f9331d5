// A table: one descriptor table with its own epoll instance, and the thread that serves it.
//
// The thread that dials for a worker goes from table to table: it leaves a full one to a keeper, a
// thread that shares that table, and goes on at once in the next. So a worker never waits for the
// scheduler to start a thread or to wake one.
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
  enum class Request : uint8_t {
    // The table that accepts for the worker is full: let another one accept.
    kRelieveAcceptor,
    // A table dials no more and all its handshakes have ended.
    kDialerSettled,
    // A table has done its part of the census.
    kCensusTaken,
    // A table has closed everything and its thread is about to end.
    kTableEnded,
  };

  // What a table asks of the supervisor, which owns it.
  class Owner {
   public:
    // Leaves a request for the supervisor's thread: in a descriptor table of its own the calling
    // thread can't use the descriptors of the process (the wake-up, JavaScript's event loop).
    virtual void Ask(Request request, Worker& worker) = 0;
    // Gives this full dialing table a keeper, and returns the table in which the calling thread is
    // to go on; nullptr when nothing is left to dial, or no more tables can be opened.
    virtual Table* OpenNextTable(Table& full) = 0;

   protected:
    ~Owner() = default;
  };

  // `number`: its place among the tables of the run. A table that doesn't dial only accepts.
  Table(RunState& run, Owner& owner, Worker& worker, uint32_t number, bool dials);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Starts a thread that serves this table, and those that the worker opens after it. The errno of
  // pthread_create(3), or 0.
  [[nodiscard]] int Start();
  // Starts a thread that serves this table instead of the calling one, and shares its descriptor
  // table. The errno of pthread_create(3), or 0.
  [[nodiscard]] int StartKeeper();
  void Join();

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] Worker& worker() const { return worker_; }
  [[nodiscard]] uint32_t number() const { return number_; }
  // Connections it could still take; a guess from another thread's point of view.
  [[nodiscard]] int room() const { return room_.load(std::memory_order_relaxed); }

 private:
  class Loop;
  // The body of the thread that Start makes.
  void Lead();
  // Makes the loop, which from here on belongs to the descriptor table of the calling thread.
  void Attach(const std::vector<int>& inherited, bool own_table);
  // Serves the connections until all are closed, or returns the next table, in which the calling
  // thread is to go on.
  Table* Serve();
  // Waits until the run closes, without a descriptor table or an epoll to work with: every table
  // that was opened answers for itself until then.
  void Park(const SysError& error);
  void End();

  // First, because it begins on a cache line.
  Counters counters_;
  RunState& run_;
  Owner& owner_;
  Worker& worker_;
  const uint32_t number_;
  const bool dials_;
  // The census that was under way when this table was opened.
  const uint32_t census_seen_;
  std::atomic<int> room_{0};
  // What is to be closed at the end besides the connections.
  std::vector<int> owned_;
  std::unique_ptr<Loop> loop_;
  Thread thread_;
  Thread keeper_;
};

}  // namespace c1m
