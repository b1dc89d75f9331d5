// A worker: one unit of parallelism, about one CPU, served by a succession of tables.
//
// A table's descriptor table fills up; then the next table takes the worker over with its place in
// the tuple space, its listening sockets and its histograms. At any moment at most one table dials
// for a worker and at most one accepts.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "native/engine/measure/histogram.h"
#include "native/engine/space/tuple_space.h"
#include "native/net/fd.h"

namespace c1m {

class Table;

struct Worker {
  uint32_t index = 0;
  // The CPU on which its first table begins, or -1. A new thread often finds itself on a busy CPU,
  // beside another worker, and it takes milliseconds until the scheduler moves it to an idle one.
  int cpu = -1;

  // Dialing. The cursor belongs to the table that dials now.
  std::unique_ptr<TupleSpace> own_space;  // when the worker dials its own listener
  std::optional<TupleCursor> cursor;
  // Handshakes under way, including those of tables that have left the worker.
  std::atomic<int64_t> in_flight{0};
  // Connect latency of handshakes in which no SYN was sent twice, and of the others.
  Histogram first_try_latency;
  Histogram retried_latency;
  Histogram exchange_latency;
  // How late connects were against the schedule.
  Histogram lateness;

  // Accepting. The sockets live in the process's table so that each new table inherits them.
  std::vector<UniqueFd> listeners;
  std::atomic<Table*> acceptor{nullptr};
  // Every table of the worker is full and there may be no more: the first one that has room again
  // asks to accept.
  std::atomic<bool> unserved{false};
  // Connections dialed to the worker's own listener that it has not accepted yet; each will want a
  // descriptor.
  std::atomic<int64_t> unaccepted{0};
};

}  // namespace c1m
