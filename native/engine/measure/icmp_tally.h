// ICMP errors of the sampled handshakes, grouped by sender, meaning and target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "native/net/icmp_error.h"

namespace c1m {

class IcmpTally {
 public:
  struct Entry {
    IcmpError error;
    // The destination of the rejected SYN: "198.18.1.2:80".
    std::string target;
    uint64_t count;
  };

  // Thread-safe. Groups beyond kMostEntries are ignored, since this is a sample.
  void Count(const IcmpError& error, const std::string& target) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
      if (entry.error == error && entry.target == target) {
        ++entry.count;
        return;
      }
    }
    if (entries_.size() < kMostEntries) entries_.push_back({error, target, 1});
  }

  [[nodiscard]] std::vector<Entry> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }

  static constexpr size_t kMostEntries = 64;

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace c1m
