#include "native/engine/talk/peer_input.h"

#include <sys/socket.h>

#include <cerrno>

namespace c1m {
namespace {

// Reads per turn: 16 buffers of 64 KiB are about a tenth of a millisecond of a flooding peer's
// traffic.
constexpr int kReadsPerTurn = 16;

}  // namespace

Drained Drain(int fd, std::span<char> buffer, uint32_t events) {
  Drained drained;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      drained.bytes += static_cast<uint64_t>(got);
      if (ReadAll(got, buffer, events)) return drained;
      continue;
    }
    if (got == 0) {
      drained.ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
      drained.error = errno;
    }
    return drained;
  }
  drained.more = true;
  return drained;
}

}  // namespace c1m
