// Sends back what arrives, without a buffer per connection.
//
// Only when a peer stops reading does a remainder have to be kept, and then nothing more is read
// from that peer until it is gone: a connection that stalls holds at most one receive buffer, all
// others hold nothing.
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
  // Moves bytes both ways until nothing is left, as `events` tell, or the connection has had its
  // turn.
  Turn Run(int fd, std::span<char> buffer, uint32_t events);
  // Whether bytes are kept until the peer takes some again.
  [[nodiscard]] bool stalled(int fd) const { return !unsent_.empty() && unsent_.contains(fd); }
  // Forgets what was kept for a descriptor that is about to be closed.
  void Forget(int fd) {
    if (!unsent_.empty()) unsent_.erase(fd);
  }

 private:
  // Sends what it can; false when the peer takes no more for now or the connection broke (then
  // `turn` says how).
  bool Send(int fd, std::span<const char> bytes, Turn& turn);

  std::unordered_map<int, std::string> unsent_;
};

}  // namespace c1m
