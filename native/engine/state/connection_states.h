// The states of all connections of a table, four bytes each, indexed by descriptor.
//
// The kernel gives out the lowest free descriptor of a private table, so the array is dense: no
// hashing, no allocation per connection, and closing all connections is one pass over it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace c1m {

enum class ConnectionState : uint8_t {
  kNone,
  // The handshake is pending; the tag is its slot in the table's Handshakes.
  kConnecting,
  // Established by the dialer; the tag is the index of its target.
  kDialed,
  kAccepted,
};

class ConnectionStates {
 public:
  explicit ConnectionStates(int capacity) : records_(static_cast<size_t>(capacity)) {}

  [[nodiscard]] int capacity() const { return static_cast<int>(records_.size()); }
  // Connections in any state but kNone.
  [[nodiscard]] int size() const { return size_; }
  // The highest descriptor ever set, plus one.
  [[nodiscard]] int end() const { return end_; }

  [[nodiscard]] ConnectionState state(int fd) const {
    return static_cast<ConnectionState>(records_[Index(fd)].state);
  }
  [[nodiscard]] uint32_t tag(int fd) const { return records_[Index(fd)].tag; }
  // Whether epoll reports events of this connection.
  [[nodiscard]] bool watched(int fd) const { return records_[Index(fd)].watched != 0; }

  void Set(int fd, ConnectionState state, uint32_t tag, bool watched) {
    Record& record = records_[Index(fd)];
    if (record.state == 0) ++size_;
    record = {static_cast<uint32_t>(state), watched ? 1U : 0U, 0, 0, tag};
    if (fd >= end_) end_ = fd + 1;
  }
  void MarkWatched(int fd) { records_[Index(fd)].watched = 1; }
  // Whether it is in TableContext::revisits because one turn did not read all its data.
  [[nodiscard]] bool revisit(int fd) const { return records_[Index(fd)].revisit != 0; }
  void SetRevisit(int fd, bool on) { records_[Index(fd)].revisit = on ? 1 : 0; }
  // How often its SYN was repeated, saved here because TCP_INFO later counts all retransmits
  // together.
  [[nodiscard]] uint32_t syn_retries(int fd) const { return records_[Index(fd)].syn_retries; }
  void SetSynRetries(int fd, uint32_t count) {
    records_[Index(fd)].syn_retries = std::min(count, kMostSynRetries);
  }
  void Clear(int fd) {
    records_[Index(fd)] = {};
    --size_;
  }

  static constexpr size_t kRecordBytes = 4;
  static constexpr uint32_t kTagLimit = 1U << 24;
  // Saturates: 7 means 7 or more.
  static constexpr uint32_t kMostSynRetries = 7;

 private:
  struct Record {
    uint32_t state : 3;
    uint32_t watched : 1;
    uint32_t revisit : 1;
    uint32_t syn_retries : 3;
    uint32_t tag : 24;
  };
  static_assert(sizeof(Record) == kRecordBytes);
  static size_t Index(int fd) { return static_cast<size_t>(fd); }

  std::vector<Record> records_;
  int size_ = 0;
  int end_ = 0;
};

}  // namespace c1m
