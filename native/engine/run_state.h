// What the workers of a run share, and what they may ask of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "native/engine/error_tally.h"
#include "native/engine/options.h"
#include "native/engine/schedule.h"
#include "native/engine/tuple_space.h"
#include "native/net/fd.h"

namespace c1m {

class Worker;
struct Lane;

struct RunState {
  explicit RunState(RunOptions asked)
      : options(std::move(asked)),
        schedule(Starts(options), options.dial ? options.dial->rate : std::vector<RatePoint>{}) {}

  const RunOptions options;
  Schedule schedule;
  ErrorTally errors;
  int64_t started_ns = 0;
  // Descriptors a table may hold: RLIMIT_NOFILE, or the share of it where tables can't be private.
  int descriptor_limit = 0;
  bool private_tables = false;
  // Connections a worker may hold where all share one table.
  int shared_table_quota = 0;
  // An eventfd in every worker's epoll, edge-triggered: one write wakes them all, nobody reads.
  UniqueFd wake;
  // Every connection asked for has been started and its handshake has ended.
  std::atomic<bool> ramped{false};
  std::atomic<bool> closing{false};
  // Some lane ran out of tuples, or of tables, with work left.
  std::atomic<bool> tuples_used_up{false};
  std::atomic<bool> tables_used_up{false};

  // How many connections a run starts: a churn never runs out.
  static uint64_t Starts(const RunOptions& options) {
    if (!options.dial) return 0;
    return options.dial->churn ? kEndless : options.dial->connections;
  }
  static constexpr uint64_t kEndless = uint64_t{1} << 53;

  // Whether each lane dials its own listener, with both ends in its workers.
  [[nodiscard]] bool dials_itself() const { return options.dial && options.listen; }
  // Whether, besides, nothing is said or closed before the end: then watching can wait.
  [[nodiscard]] bool only_holds_itself() const {
    return dials_itself() && !options.dial->churn && !options.dial->exchange;
  }
};

// What a worker asks of the run. Each call only leaves a note for the supervisor: a worker sits in
// a descriptor table of its own, where the process's descriptors (the wake-up, JavaScript's event
// loop) have no meaning, and a thread made there would inherit that table.
class Crew {
 public:
  enum class Request : uint8_t {
    // The lane's dialer has a full table and work is left: put the next worker on the lane.
    kRelieveDialer,
    // The lane's acceptor has a full table: let another one accept.
    kRelieveAcceptor,
    // A worker will dial no more and all its handshakes have ended.
    kDialerSettled,
    // A worker has closed everything and is about to end.
    kWorkerEnded,
  };
  virtual void Ask(Request request, Lane& lane) = 0;

 protected:
  ~Crew() = default;
};

}  // namespace c1m
