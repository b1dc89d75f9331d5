// Closes the connections of a table.
#pragma once

#include "native/engine/state/table_context.h"

namespace c1m {

void CloseConnections(TableContext& context);

}  // namespace c1m
