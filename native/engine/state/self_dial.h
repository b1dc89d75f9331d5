// A self-dial: a dial without target. Each worker dials listeners of its own, so that both ends of
// a connection lie in one table and one thread serves them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "native/engine/space/tuple_space.h"
#include "native/engine/state/options.h"
#include "native/net/address.h"

namespace c1m {

// One worker's part of a self-dial.
class SelfDial {
 public:
  // Whether a run with these options is a self-dial.
  static bool IsAsked(const RunOptions& options) { return options.dial && options.listen; }

  // `listening`: the addresses that all workers listen on, which belong to the workers in turn.
  SelfDial(const RunOptions& options, uint32_t worker, const std::vector<SocketAddress>& listening);

  // Whether nothing is said or closed before the run ends: then nothing has to be noticed early.
  [[nodiscard]] bool only_holds() const { return only_holds_; }

  // All tuples to the worker's own listeners, and the one that the worker begins at: those that
  // begin at the same one would share bind buckets, which the kernel searches. A seed moves all of
  // them alike.
  [[nodiscard]] TupleSpace& space() { return space_; }
  [[nodiscard]] const TupleSpace& space() const { return space_; }
  [[nodiscard]] uint64_t first_tuple() const;
  // The number in `listening` of a target of the space.
  [[nodiscard]] uint32_t TargetNumber(uint32_t target) const { return target * workers_ + worker_; }

  // Counts a connection that waits for the worker's listener from now on, or no longer does because
  // it is accepted or has failed.
  void AddUnaccepted() { unaccepted_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveUnaccepted() { unaccepted_.fetch_sub(1, std::memory_order_relaxed); }
  // Connections dialed and not accepted yet. Those of other clients to the listener are accepted
  // but were not dialed here: they make the number too small, or negative.
  [[nodiscard]] int64_t unaccepted() const { return unaccepted_.load(std::memory_order_relaxed); }
  // How many connections fit into a table with room for so many descriptors: each takes two, and
  // each that is not accepted yet will take one more.
  [[nodiscard]] int64_t Fitting(int64_t room) const {
    return (room - std::max<int64_t>(unaccepted(), 0)) / 2;
  }

 private:
  const uint32_t worker_;
  const uint32_t workers_;
  const uint32_t seed_;
  const bool only_holds_;
  TupleSpace space_;
  std::atomic<int64_t> unaccepted_{0};
};

}  // namespace c1m
