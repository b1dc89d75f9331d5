// The state that all tables of a run share.
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
  // Open connections of the dialer and of the listener.
  OpenCount dialed_open;
  OpenCount accepted_open;
  int64_t started_ns = 0;
  // The maximum number of descriptors of a table: RLIMIT_NOFILE.
  int descriptor_limit = 0;
  // Whether each table has a descriptor table of its own. If the kernel refuses that, all use the
  // table of the process: connections then have numbers below shared_table_size, and each table has
  // a quota.
  bool private_tables = false;
  int shared_table_size = 0;
  int shared_table_quota = 0;
  // An eventfd that every table's epoll watches edge-triggered: one write wakes all tables, and
  // none has to read it.
  UniqueFd wake;
  // Whether every connection has been started and its handshake has ended.
  std::atomic<bool> ramped{false};
  std::atomic<bool> closing{false};
  // The current census, or the last one. It is set before census_number is incremented, and remains
  // valid until every table has delivered its connections.
  CensusOrder census;
  std::atomic<uint32_t> census_number{0};
  // Incremented with each wake-up, for a table whose epoll could not be created.
  std::atomic<uint32_t> wake_ups{0};
  // A worker ran out of tuples, or of tables, before all connections were open.
  std::atomic<bool> tuples_used_up{false};
  std::atomic<bool> tables_used_up{false};

  // The number of connections a run starts; that of a churn is unlimited.
  static uint64_t Starts(const RunOptions& options) {
    if (!options.dial) return 0;
    return options.dial->churn ? kEndless : options.dial->connections;
  }
  static constexpr uint64_t kEndless = uint64_t{1} << 53;
};

}  // namespace c1m
