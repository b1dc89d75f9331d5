// Echoes received data without a buffer per connection.
//
// Unsent data is kept only if the peer stops reading; then nothing more is read from this peer
// until the data is sent. So a stalled connection holds at most one receive buffer, and all others
// hold nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>

#include "native/engine/talk/peer_input.h"

namespace c1m {

class Echo {
 public:
  struct Turn {
    Drained input;
    uint64_t bytes_sent = 0;
  };
  // Echoes until nothing is left to read (see ReadAll for `events`) or the connection has used up
  // its turn.
  Turn Run(int fd, std::span<char> buffer, uint32_t events);
  // Whether unsent data is kept until the peer reads again.
  [[nodiscard]] bool stalled(int fd) const { return !unsent_.empty() && unsent_.contains(fd); }
  // Forgets the unsent data of a descriptor that is about to be closed.
  void Forget(int fd) {
    if (!unsent_.empty()) unsent_.erase(fd);
  }

 private:
  // Sends as much as possible; false if the peer accepts no more for now or the connection is
  // broken (then `turn` has the error).
  bool Send(int fd, std::span<const char> bytes, Turn& turn);

  std::unordered_map<int, std::string> unsent_;
};

}  // namespace c1m
