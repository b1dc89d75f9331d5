// The end of a worker's connections.
#pragma once

#include "native/engine/state/table_context.h"

namespace c1m {

// Closes every connection of the worker as the run's close modes say.
void CloseConnections(WorkerContext& context);

}  // namespace c1m
