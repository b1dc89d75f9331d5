// Registers established connections with epoll after the fact, so that the ramp doesn't pay for it.
//
// Nothing is missed by being late: epoll_ctl(2) reports at once what has happened before the
// registration.
#pragma once

#include <cstdint>

#include "native/engine/state/table_context.h"

namespace c1m {

class Watcher {
 public:
  explicit Watcher(TableContext& context) : context_(context) {}

  // Registers some of the unwatched connections; returns 0 while some are left, Reactor::kForever
  // otherwise.
  int64_t Step();

 private:
  TableContext& context_;
  // Where the walk over the table goes on.
  int next_fd_ = 0;
};

}  // namespace c1m
