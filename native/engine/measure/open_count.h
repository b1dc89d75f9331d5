// How many connections of a run are open, and the most there were at one moment.
//
// While nothing is closed, as in a ramp, each table publishes what it has opened with one atomic
// addition a turn, and the count only rises: its highest value is exactly the most that were open
// at one moment. From the first close on, everything opened and closed is published at once. All
// that can be missing is what other tables had opened in the very turn of that first close; a run
// that is told to close adds that up before.
#pragma once

#include <atomic>
#include <cstdint>

#include "native/engine/measure/counters.h"

namespace c1m {

class OpenCount {
 public:
  // Adds `opened` connections, then takes `closed` away: the count is highest between the two.
  void Change(int64_t opened, int64_t closed) {
    if (closed > 0 && !falls()) falls_.store(true, std::memory_order_relaxed);
    const int64_t before = open_.fetch_add(opened - closed, std::memory_order_relaxed);
    // All changes have one order, so nothing between them is missed.
    Raise(before + opened);
  }
  // Whether some were closed, so that the count no longer only rises.
  [[nodiscard]] bool falls() const { return falls_.load(std::memory_order_relaxed); }
  // Notes that `open` connections are known to have been open at one moment.
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

  // On a cache line apart from what else the tables write.
  alignas(64) std::atomic<int64_t> open_{0};
  std::atomic<int64_t> peak_{0};
  // Read for every connection, written once.
  alignas(64) std::atomic<bool> falls_{false};
};

// One table's part of it, beside the counter of its open connections. Belongs to the thread that
// serves the table.
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
  // Adds what was opened to the count of the run.
  void Publish() {
    const auto now = static_cast<int64_t>(mine_.get());
    if (now == published_) return;
    all_.Change(now - published_, 0);
    published_ = now;
  }
  // Every connection of this table is about to be closed, and none is opened any more.
  void CloseAll() {
    const auto now = static_cast<int64_t>(mine_.get());
    all_.Change(now - published_, now);
    published_ = 0;
  }
  // After CloseAll: one of them is closed.
  void CloseOneOfAll() { mine_.Subtract(); }

 private:
  OpenCount& all_;
  Counter& mine_;
  // How many of them the count of the run includes.
  int64_t published_ = 0;
};

}  // namespace c1m
