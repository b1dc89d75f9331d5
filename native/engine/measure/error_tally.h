// Errors grouped by phase and errno, each with the tuple of the first one: a few entries, however
// many errors.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "native/net/clock.h"

namespace c1m {

// The phase of a connection in which an error occurred.
enum class Phase : uint8_t { kSocket, kBind, kConnect, kTimeout, kHold, kExchange, kAccept };

const char* PhaseName(Phase phase);

class ErrorTally {
 public:
  struct Entry {
    Phase phase;
    int code;
    uint64_t count;
    std::string example;
    // When the first error occurred.
    int64_t first_ns;
  };

  // `example` is called only for the first error of a group. Thread-safe.
  template <typename Example>
  void Count(Phase phase, int code, Example&& example, uint64_t count = 1) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
      if (entry.phase == phase && entry.code == code) {
        entry.count += count;
        return;
      }
    }
    entries_.push_back({phase, code, count, example(), NowNs()});
  }

  [[nodiscard]] std::vector<Entry> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace c1m
