// A table: one descriptor table with its own epoll instance, and the thread that serves it.
//
// The thread that dials for a worker moves from table to table: it leaves a full one to a keeper, a
// thread that shares that descriptor table, and continues in the next one at once. So a worker
// never waits for the scheduler to start or wake a thread.
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
    // The accepting table of the worker is full: another one must accept.
    kRelieveAcceptor,
    // A table has stopped dialing and all its handshakes have ended.
    kDialerSettled,
    // A table has finished its part of the census.
    kCensusTaken,
    // A table has closed everything and its thread is about to end.
    kTableEnded,
  };

  // The requests of a table to the supervisor, which owns it.
  class Owner {
   public:
    // Queues a request for the supervisor's thread. A thread in a descriptor table of its own can't
    // use descriptors of the process (the wake-up, JavaScript's event loop).
    virtual void Post(Request request, Worker& worker) = 0;
    // Gives this full dialing table a keeper and returns the table in which the calling thread
    // continues; nullptr if nothing is left to dial or no more tables can be opened.
    virtual Table* OpenNextTable(Table& full) = 0;

   protected:
    ~Owner() = default;
  };

  // `number`: its index among the tables of the run. A table that does not dial only accepts.
  Table(RunState& run, Owner& owner, Worker& worker, uint32_t number, bool dials);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Starts a thread that serves this table and those that the worker opens after it. Returns the
  // errno of pthread_create(3), or 0.
  [[nodiscard]] int Start();
  // Starts a thread that takes this table over from the calling thread and shares its descriptor
  // table. Returns the errno of pthread_create(3), or 0.
  [[nodiscard]] int StartKeeper();
  void Join();

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] Worker& worker() const { return worker_; }
  [[nodiscard]] uint32_t number() const { return number_; }
  // The number of connections it has room for; slightly out of date when read by another thread.
  [[nodiscard]] int room() const { return room_.load(std::memory_order_relaxed); }

 private:
  class Loop;
  // The body of the thread that Start creates.
  void Lead();
  // Creates the loop, which from then on is tied to the calling thread's descriptor table.
  void Attach(const std::vector<int>& inherited, bool own_table);
  // Serves the connections until all are closed, or returns the next table, in which the calling
  // thread continues.
  Table* Serve();
  // Waits until the run closes, without a usable descriptor table or epoll. The table answers
  // requests of the supervisor meanwhile, because the supervisor counts every table it has opened.
  void Park(const SysError& error);
  void End();

  // The first member because it is aligned to a cache line.
  Counters counters_;
  RunState& run_;
  Owner& owner_;
  Worker& worker_;
  const uint32_t number_;
  const bool dials_;
  // The census that was in progress when this table was opened.
  const uint32_t census_seen_;
  std::atomic<int> room_{0};
  // Descriptors to close at the end in addition to the connections.
  std::vector<int> owned_;
  std::unique_ptr<Loop> loop_;
  Thread thread_;
  Thread keeper_;
};

}  // namespace c1m
