#include "native/engine/talk/echo.h"

#include <sys/socket.h>

#include <cerrno>

namespace c1m {
namespace {

// Messages echoed per turn before other connections are served.
constexpr int kMessagesPerTurn = 16;

}  // namespace

bool Echo::Send(int fd, std::span<const char> bytes, Turn& turn) {
  const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    turn.input.error = errno;
    return false;
  }
  const size_t done = sent > 0 ? static_cast<size_t>(sent) : 0;
  turn.bytes_sent += done;
  if (done == bytes.size()) return true;
  unsent_[fd] = std::string(bytes.begin() + static_cast<std::ptrdiff_t>(done), bytes.end());
  return false;
}

Echo::Turn Echo::Run(int fd, std::span<char> buffer, uint32_t events) {
  Turn turn;
  if (!unsent_.empty()) {
    const auto kept = unsent_.find(fd);
    if (kept != unsent_.end()) {
      const std::string bytes = std::move(kept->second);
      unsent_.erase(kept);
      if (!Send(fd, bytes, turn)) return turn;
    }
  }
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      turn.input.bytes += static_cast<uint64_t>(got);
      if (!Send(fd, buffer.first(static_cast<size_t>(got)), turn)) return turn;
      if (ReadAll(got, buffer, events)) return turn;
      continue;
    }
    if (got == 0) {
      turn.input.ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
      turn.input.error = errno;
    }
    return turn;
  }
  turn.input.more = true;
  return turn;
}

}  // namespace c1m
