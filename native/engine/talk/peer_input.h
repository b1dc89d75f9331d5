// Reading from a peer whose bytes only have to go away.
#pragma once

#include <sys/epoll.h>
#include <sys/types.h>

#include <cstdint>
#include <span>

namespace c1m {

struct Drained {
  uint64_t bytes = 0;
  // The peer has sent FIN: nothing more will come.
  bool ended = false;
  // Errno of a broken connection (ECONNRESET, ETIMEDOUT, ...); 0 while it is open.
  int error = 0;
  // The turn's budget is spent and more may be left.
  bool more = false;
};

// An event that promises no more than bytes: what ends a connection after it is an edge of its own.
inline constexpr uint32_t kOnlyBytes = EPOLLIN | EPOLLOUT;

// For a connection that is read without an event: it may end after the bytes.
inline constexpr uint32_t kMaybeEnded = EPOLLIN | EPOLLRDHUP;

// Whether a read that gave `got` bytes into `buffer` has left nothing: a short one has emptied the
// queue (epoll(7)), unless `events` say that the connection ends after the bytes.
inline bool ReadAll(ssize_t got, std::span<char> buffer, uint32_t events) {
  return static_cast<size_t>(got) < buffer.size() && (events & ~kOnlyBytes) == 0;
}

// Reads into `buffer` until nothing is left, as an edge-triggered registration demands, or until
// the connection has had its fair turn. `events` are those that were reported.
Drained Drain(int fd, std::span<char> buffer, uint32_t events);

}  // namespace c1m
