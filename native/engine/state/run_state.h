// What all tables of a run share.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "native/engine/measure/census.h"
#include "native/engine/measure/early_ends.h"
#include "native/engine/measure/error_tally.h"
#include "native/engine/measure/icmp_tally.h"
#include "native/engine/measure/open_count.h"
#include "native/engine/space/schedule.h"
#include "native/engine/state/options.h"
#include "native/net/fd.h"

namespace c1m {

struct RunState {
  explicit RunState(RunOptions asked)
      : options(std::move(asked)),
        schedule(Starts(options), options.dial ? options.dial->rate : std::vector<RatePoint>{}) {}

  const RunOptions options;
  Schedule schedule;
  ErrorTally errors;
  EarlyEnds early_ends;
  WrongAnswer wrong_answer;
  IcmpTally icmp;
  // Connections held by the dialer, and by the listener.
  OpenCount dialed_open;
  OpenCount accepted_open;
  int64_t started_ns = 0;
  // Descriptors a table may hold: RLIMIT_NOFILE.
  int descriptor_limit = 0;
  // Whether each table is a descriptor table of its own. Where the kernel refuses, all are the
  // process's: then connections have numbers below the size, and each table has a quota of them.
  bool private_tables = false;
  int shared_table_size = 0;
  int shared_table_quota = 0;
  // An eventfd in every table's epoll, edge-triggered: one write wakes all, and nothing reads it.
  UniqueFd wake;
  // Every connection asked for has been started and its handshake has ended.
  std::atomic<bool> ramped{false};
  std::atomic<bool> closing{false};
  // The census under way, or the last one. It is set before the number goes up, and stays until
  // every table has answered for its connections.
  CensusOrder census;
  std::atomic<uint32_t> census_number{0};
  // Goes up with each wake-up, for a table without an epoll to be woken through.
  std::atomic<uint32_t> calls{0};
  // A worker ran out of tuples, or of tables, with connections left to open.
  std::atomic<bool> tuples_used_up{false};
  std::atomic<bool> tables_used_up{false};

  // How many connections a run starts: a churn never runs out.
  static uint64_t Starts(const RunOptions& options) {
    if (!options.dial) return 0;
    return options.dial->churn ? kEndless : options.dial->connections;
  }
  static constexpr uint64_t kEndless = uint64_t{1} << 53;
};

}  // namespace c1m
