// Registers established connections with epoll later, so that registration does not slow the ramp.
//
// No event is missed: epoll_ctl(2) reports at once what has happened before the registration.
#pragma once

#include <cstdint>

#include "native/engine/state/table_context.h"

namespace c1m {

class Watcher {
 public:
  explicit Watcher(TableContext& context) : context_(context) {}

  // Registers one batch of the unwatched connections; returns 0 if some are left, otherwise
  // Reactor::kForever.
  int64_t Step();

 private:
  TableContext& context_;
  // The next descriptor of the walk over the table.
  int next_fd_ = 0;
};

}  // namespace c1m
