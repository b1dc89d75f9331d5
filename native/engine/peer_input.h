// Reading from a peer whose bytes only have to go away.
#pragma once

#include <cstdint>
#include <span>

namespace c1m {

struct Drained {
  uint64_t bytes = 0;
  // The peer has sent FIN: nothing more will come.
  bool ended = false;
  // Errno of a broken connection (ECONNRESET, ETIMEDOUT, ...); 0 when it stands.
  int error = 0;
  // The turn's budget is spent and more may be left.
  bool more = false;
};

// Reads into `buffer` until nothing is left, as an edge-triggered registration demands, or until
// the connection has had its fair turn.
Drained Drain(int fd, std::span<char> buffer);

}  // namespace c1m
