// A worker: one unit of parallelism, about one CPU. It opens one descriptor table after another.
//
// When a table is full, the worker goes on in the next one with its place in the tuple space, its
// listening sockets and its histograms. At any moment at most one table of a worker dials and at
// most one accepts.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "native/engine/measure/histogram.h"
#include "native/engine/measure/target_counts.h"
#include "native/engine/space/tuple_space.h"
#include "native/engine/state/self_dial.h"
#include "native/net/fd.h"

namespace c1m {

struct Worker {
  uint32_t index = 0;
  // The CPU on which its first table begins, or -1. A new thread often starts on a busy CPU, beside
  // another worker, and it takes milliseconds until the scheduler moves it to an idle one.
  int cpu = -1;
  // Where the run is a self-dial.
  std::optional<SelfDial> self_dial;

  // Dialing. The cursor belongs to the table that dials now.
  std::optional<TupleCursor> cursor;
  // Handshakes under way, those in earlier tables of the worker included.
  std::atomic<int64_t> in_flight{0};
  // Connect latency of handshakes in which no SYN was sent twice, and of the others.
  Histogram first_try_latency;
  Histogram retried_latency;
  Histogram exchange_latency;
  // How late connects were against the schedule.
  Histogram lateness;
  // By the index of the target in the cursor's space.
  TargetCounts targets;

  // Accepting. The sockets live in the process's table so that each new table inherits them.
  std::vector<UniqueFd> listeners;
  // The number of the table that accepts now.
  std::atomic<uint32_t> accepting_table{kNoTable};
  static constexpr uint32_t kNoTable = UINT32_MAX;
  // Every table of the worker is full and there may be no more: the first one that has room again
  // asks to accept.
  std::atomic<bool> unserved{false};
};

}  // namespace c1m
