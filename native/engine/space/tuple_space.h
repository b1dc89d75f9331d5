// All 4-tuples that a run may use, as one index range; workers claim slices of it.
//
// The destination changes fastest, then the source port, then the source address. So destinations
// fill evenly at any count. A local (address, port) pair is used for every destination before the
// next pair, which needs one bind bucket in the kernel instead of many. And the time until a tuple
// is used again is as long as the space allows.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "native/net/address.h"

namespace c1m {

// `count` consecutive addresses; their ports are ignored.
struct AddressRange {
  SocketAddress first;
  uint64_t count = 1;
};

// Local ports, both ends included.
struct PortRange {
  uint16_t first = 1024;
  uint16_t last = 65535;
};

// One of `count` disjoint shares of the source ports.
struct Shard {
  uint32_t index = 0;
  uint32_t count = 1;
};

class TupleSpace {
 public:
  // An endless space starts again after its last tuple.
  TupleSpace(std::vector<AddressRange> sources, std::vector<PortRange> ports, Shard shard,
             std::vector<SocketAddress> targets, bool endless = false);

  [[nodiscard]] uint64_t size() const { return size_; }
  [[nodiscard]] const std::vector<SocketAddress>& targets() const { return targets_; }

  struct Slice {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  // Claims up to `count` tuples that no other worker gets in this round; empty if the space is used
  // up. Thread-safe.
  [[nodiscard]] Slice Claim(uint64_t count);
  // The first tuple of the source that is `sources` (address, port) pairs after the first one, with
  // wraparound. A run that begins there still uses every destination of a source in a row.
  [[nodiscard]] uint64_t FirstTupleOf(uint64_t sources) const;
  // The number of tuples that are not claimed yet.
  [[nodiscard]] uint64_t unclaimed() const;
  // In an endless space: the duration of the shortest round, which is the shortest reuse interval
  // of a tuple; 0 before the second round begins.
  [[nodiscard]] int64_t shortest_rest_ns() const {
    return shortest_rest_ns_.load(std::memory_order_relaxed);
  }

 private:
  friend class TupleCursor;
  void NoteRound();
  [[nodiscard]] SocketAddress SourceAddress(uint64_t index) const;
  [[nodiscard]] uint16_t SourcePort(uint64_t index) const;

  std::vector<AddressRange> sources_;
  std::vector<PortRange> ports_;
  Shard shard_;
  std::vector<SocketAddress> targets_;
  uint64_t ports_per_source_ = 0;
  uint64_t size_ = 0;
  const bool endless_;
  uint64_t addresses_ = 0;
  std::atomic<uint64_t> next_{0};
  std::atomic<int64_t> round_began_ns_{0};
  std::atomic<int64_t> shortest_rest_ns_{0};
};

// The position of one worker in the slices it claims.
class TupleCursor {
 public:
  // `offset`: the distance of this cursor's first tuple from that of the space; the range wraps
  // around.
  explicit TupleCursor(TupleSpace& space, uint64_t offset = 0) : space_(space), offset_(offset) {}

  // Advances to the next tuple. If the current slice is used up, it claims up to `wanted`, so that
  // no tuple is claimed in vain. False if the whole space is used up.
  [[nodiscard]] bool Advance(uint64_t wanted);

  // The number of tuples that this cursor can still reach.
  [[nodiscard]] uint64_t Left() const { return slice_.end - slice_.begin + space_.unclaimed(); }

  [[nodiscard]] const TupleSpace& space() const { return space_; }
  [[nodiscard]] const SocketAddress& source() const { return source_; }
  [[nodiscard]] const SocketAddress& target() const { return space_.targets_[target_]; }
  [[nodiscard]] uint32_t target_index() const { return target_; }

 private:
  void Seek(uint64_t index);

  TupleSpace& space_;
  const uint64_t offset_;
  TupleSpace::Slice slice_;
  SocketAddress source_;
  uint64_t port_index_ = 0;
  uint64_t address_index_ = 0;
  uint32_t target_ = 0;
};

}  // namespace c1m
