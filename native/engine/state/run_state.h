// What the tables of a run share, and what they may ask of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "native/engine/measure/error_tally.h"
#include "native/engine/measure/open_count.h"
#include "native/engine/space/schedule.h"
#include "native/engine/space/tuple_space.h"
#include "native/engine/state/options.h"
#include "native/net/fd.h"

namespace c1m {

class CensusSheet;
class Table;
struct Worker;

// What a census is to hold.
struct CensusOrder {
  CensusSheet* sheet = nullptr;
  // Every so many-th connection of a table, beginning with its `offset`-th; 1: all.
  uint32_t stride = 1;
  uint32_t offset = 0;
};

struct RunState {
  explicit RunState(RunOptions asked)
      : options(std::move(asked)),
        schedule(Starts(options), options.dial ? options.dial->rate : std::vector<RatePoint>{}) {}

  const RunOptions options;
  Schedule schedule;
  ErrorTally errors;
  // Connections held by the dialer, and by the listener.
  OpenCount dialed_open;
  OpenCount accepted_open;
  int64_t started_ns = 0;
  // Descriptors a table may hold: RLIMIT_NOFILE.
  int descriptor_limit = 0;
  bool private_tables = false;
  // Where all share one table: below which number connections are, and how many a table may hold.
  int shared_table_size = 0;
  int shared_table_quota = 0;
  // An eventfd in every table's epoll, edge-triggered: one write wakes them all, nobody reads.
  UniqueFd wake;
  // Every connection asked for has been started and its handshake has ended.
  std::atomic<bool> ramped{false};
  std::atomic<bool> closing{false};
  // The census under way, or the last one. It is set before the number goes up, and stays until
  // every table has answered for its connections.
  CensusOrder census;
  std::atomic<uint32_t> census_number{0};
  // Goes up with each call to the tables, for one that has nothing to wake it otherwise.
  std::atomic<uint32_t> calls{0};
  // Some worker ran out of tuples, or of tables, with work left.
  std::atomic<bool> tuples_used_up{false};
  std::atomic<bool> tables_used_up{false};

  // How many connections a run starts: a churn never runs out.
  static uint64_t Starts(const RunOptions& options) {
    if (!options.dial) return 0;
    return options.dial->churn ? kEndless : options.dial->connections;
  }
  static constexpr uint64_t kEndless = uint64_t{1} << 53;

  // Whether each worker dials its own listener, with both ends in its tables.
  [[nodiscard]] bool dials_itself() const { return options.dial && options.listen; }
  // Whether, besides, nothing is said or closed before the end: then watching can wait.
  [[nodiscard]] bool only_holds_itself() const {
    return dials_itself() && !options.dial->churn && !options.dial->exchange;
  }
};

// What a table asks of the run.
class Supervisor {
 public:
  enum class Request : uint8_t {
    // The worker's acceptor has a full table: let another one accept.
    kRelieveAcceptor,
    // A table will dial no more and all its handshakes have ended.
    kDialerSettled,
    // A table has done its part of the census.
    kCensusTaken,
    // A table has closed everything and is about to end.
    kTableEnded,
  };
  // Leaves a note for the supervisor: a table sits in a descriptor table of its own, where the
  // process's descriptors (the wake-up, JavaScript's event loop) have no meaning.
  virtual void Ask(Request request, Worker& worker) = 0;
  // The table of this dialing table is full: gives it a keeper, and returns the table that the
  // calling thread is to be from now on; nullptr when nothing is left to dial, or no more tables
  // can be had.
  virtual Table* OpenNextTable(Table& full) = 0;

 protected:
  ~Supervisor() = default;
};

}  // namespace c1m
