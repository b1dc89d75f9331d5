// The pending handshakes of a table, oldest first.
//
// Only these need a start time and a deadline, and the window limits their number, so that
// established connections use no memory for either. All have the same timeout, so the oldest one
// expires first.
#pragma once

#include <cstdint>
#include <vector>

namespace c1m {

struct Handshake {
  int64_t started_ns = 0;
  int fd = -1;
  // Index of the target in the tuple space.
  uint32_t target = 0;
};

class Handshakes {
 public:
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const Handshake& at(uint32_t slot) const { return nodes_[slot].handshake; }
  // The slot of the oldest one; the list must not be empty.
  [[nodiscard]] uint32_t oldest() const { return head_; }

  // Calls `visit` with up to `count` of them, the oldest first.
  template <typename Visit>
  void ForOldest(uint32_t count, Visit&& visit) const {
    for (uint32_t slot = head_; slot != kNil && count > 0; slot = nodes_[slot].next, --count) {
      visit(nodes_[slot].handshake);
    }
  }

  // Adds the newest one and returns its slot, which is valid until Remove.
  uint32_t Add(const Handshake& handshake) {
    uint32_t slot = free_;
    if (slot == kNil) {
      slot = static_cast<uint32_t>(nodes_.size());
      nodes_.emplace_back();
    } else {
      free_ = nodes_[slot].next;
    }
    nodes_[slot] = {handshake, tail_, kNil};
    (tail_ == kNil ? head_ : nodes_[tail_].next) = slot;
    tail_ = slot;
    ++size_;
    return slot;
  }

  void Remove(uint32_t slot) {
    Node& node = nodes_[slot];
    (node.previous == kNil ? head_ : nodes_[node.previous].next) = node.next;
    (node.next == kNil ? tail_ : nodes_[node.next].previous) = node.previous;
    node.next = free_;
    free_ = slot;
    --size_;
  }

 private:
  static constexpr uint32_t kNil = UINT32_MAX;
  struct Node {
    Handshake handshake;
    uint32_t previous = kNil;
    uint32_t next = kNil;
  };

  std::vector<Node> nodes_;
  uint32_t head_ = kNil;
  uint32_t tail_ = kNil;
  uint32_t free_ = kNil;
  uint32_t size_ = 0;
};

}  // namespace c1m
