// A worker: one thread with its own descriptor table and its own epoll instance.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "native/engine/counters.h"
#include "native/engine/lane.h"
#include "native/engine/run_state.h"
#include "native/net/thread.h"

namespace c1m {

class Worker {
 public:
  // A worker that doesn't dial accepts only.
  Worker(RunState& run, Crew& crew, Lane& lane, bool dials);

  // The errno of pthread_create(3), or 0.
  [[nodiscard]] int Start();
  void Join() { thread_.Join(); }

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const Lane& lane() const { return lane_; }
  // Connections it could still take; a guess from another thread's point of view.
  [[nodiscard]] int room() const { return room_.load(std::memory_order_relaxed); }

 private:
  class Loop;
  void Main();

  RunState& run_;
  Crew& crew_;
  Lane& lane_;
  const bool dials_;
  // The census that was under way when this worker was made.
  const uint32_t census_seen_;
  Counters counters_;
  std::atomic<int> room_{0};
  Thread thread_;
};

}  // namespace c1m
