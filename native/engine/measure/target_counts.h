// The results of the connections to each target of a run.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace c1m {

struct TargetTotals {
  uint64_t established = 0;
  uint64_t failed = 0;
  // Established connections that the peer closed, and those whose exchange failed.
  uint64_t closed_by_peer = 0;
  uint64_t exchanges_failed = 0;
};

// The counts of one worker. Several of its tables may count at the same time, because earlier ones
// may still wait for handshakes.
class TargetCounts {
 public:
  void Resize(size_t targets) {
    counts_ = std::make_unique<Counts[]>(targets);
    size_ = targets;
  }
  [[nodiscard]] size_t size() const { return size_; }

  void AddEstablished(uint32_t target) { Add(counts_[target].established); }
  void AddFailed(uint32_t target) { Add(counts_[target].failed); }
  void AddClosedByPeer(uint32_t target) { Add(counts_[target].closed_by_peer); }
  void AddExchangeFailed(uint32_t target) { Add(counts_[target].exchanges_failed); }

  void AddTo(uint32_t target, TargetTotals& totals) const {
    const Counts& counts = counts_[target];
    totals.established += Read(counts.established);
    totals.failed += Read(counts.failed);
    totals.closed_by_peer += Read(counts.closed_by_peer);
    totals.exchanges_failed += Read(counts.exchanges_failed);
  }

 private:
  using Count = std::atomic<uint32_t>;
  struct Counts {
    Count established{0};
    Count failed{0};
    Count closed_by_peer{0};
    Count exchanges_failed{0};
  };
  static void Add(Count& count) { count.fetch_add(1, std::memory_order_relaxed); }
  static uint64_t Read(const Count& count) { return count.load(std::memory_order_relaxed); }

  std::unique_ptr<Counts[]> counts_;
  size_t size_ = 0;
};

}  // namespace c1m
