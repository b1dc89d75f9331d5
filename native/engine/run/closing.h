// The end of a table's connections.
#pragma once

#include "native/engine/state/table_context.h"

namespace c1m {

// Closes every connection of the table as the run's close modes say.
void CloseConnections(TableContext& context);

}  // namespace c1m
