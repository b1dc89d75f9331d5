// A self-dial: a dial without targets. Each worker dials its own listeners, so that one thread
// serves both ends of a connection, in one table.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "native/engine/space/tuple_space.h"
#include "native/engine/state/options.h"
#include "native/net/address.h"

namespace c1m {

// The part of one worker in a self-dial.
class SelfDial {
 public:
  // Whether a run with these options is a self-dial.
  static bool IsRequested(const RunOptions& options) { return options.dial && options.listen; }

  // `listening`: the addresses on which all workers listen, assigned to the workers in turn.
  SelfDial(const RunOptions& options, uint32_t worker, const std::vector<SocketAddress>& listening);

  // Whether connections neither exchange data nor are closed before the end of the run; then no
  // event has to be noticed early.
  [[nodiscard]] bool only_holds() const { return only_holds_; }

  // All tuples to the worker's own listeners, and the one at which the worker begins. Workers begin
  // at different tuples because they would otherwise share bind buckets, which the kernel searches.
  // A seed shifts all of them by the same distance.
  [[nodiscard]] TupleSpace& space() { return space_; }
  [[nodiscard]] const TupleSpace& space() const { return space_; }
  [[nodiscard]] uint64_t first_tuple() const;
  // The index in `listening` of a target of the space.
  [[nodiscard]] uint32_t TargetNumber(uint32_t target) const { return target * workers_ + worker_; }

  // Adds a connection that waits to be accepted, or removes one that was accepted or has failed.
  void AddUnaccepted() { unaccepted_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveUnaccepted() { unaccepted_.fetch_sub(1, std::memory_order_relaxed); }
  // Connections that were dialed and are not accepted yet. Connections from other clients to these
  // listeners make the number too small, even negative.
  [[nodiscard]] int64_t unaccepted() const { return unaccepted_.load(std::memory_order_relaxed); }
  // The number of connections that fit into a table with `room` free descriptors: each needs two,
  // and each one not accepted yet will need one more.
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
