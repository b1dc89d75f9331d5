// How many connections of a run are open, and the most there were at one moment.
//
// Each worker brings in what it has opened with one atomic addition a turn, and takes out what it
// closes at once. So the count is never above the truth, and below it only by what other workers
// have opened in the turn they are in, some dozens each, and have yet to bring in. Where nothing is
// closed meanwhile, as in a ramp, and where one worker does all, the highest count is therefore
// exactly the most that were open at one moment. When a run is told to close in its ramp, what the
// workers have yet to bring in is added up before the first of them closes anything.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "native/engine/counters.h"

namespace c1m {

class OpenCount {
 public:
  // Adds `opened` connections, then takes `closed` away: the count is highest between the two.
  void Change(int64_t opened, int64_t closed) {
    const int64_t before = open_.fetch_add(opened - closed, std::memory_order_relaxed);
    // All changes have one order, so nothing between them is missed.
    Raise(before + opened);
  }
  // So many are known to have been open at one moment.
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

  // Away from what else the workers write.
  alignas(64) std::atomic<int64_t> open_{0};
  std::atomic<int64_t> peak_{0};
};

// One worker's part of it, beside the counter that says how many of its connections are open.
// Belongs to the worker's thread.
class OpenShare {
 public:
  OpenShare(OpenCount& all, Counter& mine) : all_(all), mine_(mine) {}

  void Open() { mine_.Add(); }
  void Close() {
    const auto now = static_cast<int64_t>(mine_.get());
    all_.Change(now - published_, 1);
    published_ = now - 1;
    mine_.Subtract();
  }
  // Once a turn: brings in what was opened.
  void Publish() {
    const auto now = static_cast<int64_t>(mine_.get());
    if (now == published_) return;
    all_.Change(now - published_, 0);
    published_ = now;
  }
  // Every connection of this worker is about to be closed, and none is opened any more.
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
  // How many of them the whole run knows of.
  int64_t published_ = 0;
};

}  // namespace c1m
