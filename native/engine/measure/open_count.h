// The number of open connections of a run, and its peak.
//
// While none is closed, as in a ramp, each table publishes what it has opened with one atomic
// addition per turn. The count only rises, so its highest value is the exact peak. After the first
// close, every open and close is published at once. The peak can miss only what other tables opened
// in the same turn as the first close; before a run closes its connections it adds these itself.
#pragma once

#include <atomic>
#include <cstdint>

#include "native/engine/measure/counters.h"

namespace c1m {

class OpenCount {
 public:
  // Adds `opened` connections, then subtracts `closed`; the count is highest in between.
  void Change(int64_t opened, int64_t closed) {
    if (closed > 0 && !falls()) falls_.store(true, std::memory_order_relaxed);
    const int64_t before = open_.fetch_add(opened - closed, std::memory_order_relaxed);
    // All changes are ordered, so no peak between them is missed.
    Raise(before + opened);
  }
  // Whether a connection has been closed, so that the count no longer only rises.
  [[nodiscard]] bool falls() const { return falls_.load(std::memory_order_relaxed); }
  // Records that `open` connections were open at one moment.
  void AtLeast(uint64_t open) { Raise(static_cast<int64_t>(open)); }
  [[nodiscard]] uint64_t peak() const {
    return static_cast<uint64_t>(peak_.load(std::memory_order_relaxed));
  }

 private:
  void Raise(int64_t to) {
    int64_t peak = peak_.load(std::memory_order_relaxed);
    while (peak < to && !peak_.compare_exchange_weak(peak, to, std::memory_order_relaxed)) {
    }
  }

  // On a cache line of its own, apart from other data that the tables write.
  alignas(64) std::atomic<int64_t> open_{0};
  std::atomic<int64_t> peak_{0};
  // Read for every connection, written once.
  alignas(64) std::atomic<bool> falls_{false};
};

// The share of one table, in addition to its own counter. Belongs to the thread that serves the
// table.
class OpenShare {
 public:
  OpenShare(OpenCount& all, Counter& mine) : all_(all), mine_(mine) {}

  void Open() {
    mine_.Add();
    if (all_.falls()) Publish();
  }
  void Close() {
    const auto now = static_cast<int64_t>(mine_.get());
    all_.Change(now - published_, 1);
    published_ = now - 1;
    mine_.Subtract();
  }
  // Adds newly opened connections to the count of the run.
  void Publish() {
    const auto now = static_cast<int64_t>(mine_.get());
    if (now == published_) return;
    all_.Change(now - published_, 0);
    published_ = now;
  }
  // Called when all connections of this table are about to be closed and no more will be opened.
  void CloseAll() {
    const auto now = static_cast<int64_t>(mine_.get());
    all_.Change(now - published_, now);
    published_ = 0;
  }
  // Called after CloseAll for each connection that is closed.
  void CloseOneOfAll() { mine_.Subtract(); }

 private:
  OpenCount& all_;
  Counter& mine_;
  // How many connections of this table the count of the run includes.
  int64_t published_ = 0;
};

}  // namespace c1m
