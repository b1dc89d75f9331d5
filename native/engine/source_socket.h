// Sockets bound to the next free tuple of a lane.
#pragma once

#include <cstdint>

#include "native/engine/error_tally.h"
#include "native/engine/worker_context.h"

namespace c1m {

struct SourceSocket {
  // Bound to the cursor's source address and port; -1 when it failed.
  int fd = -1;
  // Where and why it failed.
  Phase phase = Phase::kSocket;
  int error = 0;
};

// Steps the lane's cursor to the next tuple whose port is free and binds a new socket to it. Ports
// taken by strangers are skipped and counted. `wanted` is how many tuples this batch still needs.
SourceSocket OpenSourceSocket(WorkerContext& context, uint64_t wanted);

}  // namespace c1m
