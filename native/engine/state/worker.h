// A worker: one unit of parallelism, about one CPU. It opens one descriptor table after another.
//
// When a table is full, the worker continues in the next one with its position in the tuple space,
// its listening sockets and its histograms. At most one table of a worker dials at a time, and at
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
  // The CPU on which its first table starts, or -1. A new thread often starts on the busy CPU of
  // another worker, and the scheduler takes milliseconds to move it to an idle one.
  int cpu = -1;
  // Set if the run is a self-dial.
  std::optional<SelfDial> self_dial;

  // Dialing. The cursor belongs to the table that dials now.
  std::optional<TupleCursor> cursor;
  // Pending handshakes, including those in earlier tables of the worker.
  std::atomic<int64_t> in_flight{0};
  // Connect latency of handshakes without a repeated SYN, and of the others.
  Histogram first_try_latency;
  Histogram retried_latency;
  Histogram exchange_latency;
  // Delay of connects against the schedule.
  Histogram lateness;
  // Indexed by target in the cursor's space.
  TargetCounts targets;

  // The listening sockets are opened in the table of the process so that each new table inherits
  // them.
  std::vector<UniqueFd> listeners;
  // The number of the table that accepts now.
  std::atomic<uint32_t> accepting_table{kNoTable};
  static constexpr uint32_t kNoTable = UINT32_MAX;
  // Every table of the worker is full and no more may be opened: the first table with room again
  // takes over accepting.
  std::atomic<bool> unserved{false};
};

}  // namespace c1m
