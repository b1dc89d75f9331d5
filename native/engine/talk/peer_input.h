// Reads and discards data from a peer.
#pragma once

#include <sys/epoll.h>
#include <sys/types.h>

#include <cstdint>
#include <span>

namespace c1m {

struct Drained {
  uint64_t bytes = 0;
  // The peer has sent FIN: no more data will come.
  bool ended = false;
  // The errno of a broken connection (ECONNRESET, ETIMEDOUT, ...); 0 while it is open.
  int error = 0;
  // The turn is used up and more data may be left.
  bool more = false;
};

// Events that announce only data: a later end of the connection causes an event of its own.
inline constexpr uint32_t kOnlyBytes = EPOLLIN | EPOLLOUT;

// Used to read a connection without an event: it may end after the data.
inline constexpr uint32_t kMaybeEnded = EPOLLIN | EPOLLRDHUP;

// Whether a read of `got` bytes into `buffer` has left nothing: a short read has emptied the queue
// (epoll(7)), unless `events` say that the connection ends after the data.
inline bool ReadAll(ssize_t got, std::span<char> buffer, uint32_t events) {
  return static_cast<size_t>(got) < buffer.size() && (events & ~kOnlyBytes) == 0;
}

// Reads into `buffer` until nothing is left, as edge-triggered events require, or until the
// connection has used up its turn. `events` are the reported ones.
Drained Drain(int fd, std::span<char> buffer, uint32_t events);

}  // namespace c1m
