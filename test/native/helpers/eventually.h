// Waits for a condition that causes no event.
#pragma once

#include <poll.h>

#include "native/net/clock.h"

namespace c1m::test {

// Only a failing test waits this long.
inline constexpr int64_t kPatienceNs = 20 * kNsPerSecond;

// Evaluates `condition` repeatedly until it is true; false if it is not within kPatienceNs.
template <typename Condition>
[[nodiscard]] bool Eventually(Condition&& condition) {
  const int64_t deadline_ns = NowNs() + kPatienceNs;
  while (!condition()) {
    if (NowNs() > deadline_ns) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

// Whether poll(2) reports one of `events` (or an error) for a descriptor in time.
[[nodiscard]] inline bool Ready(int fd, int16_t events) {
  pollfd waiting{.fd = fd, .events = events, .revents = 0};
  return ::poll(&waiting, 1, static_cast<int>(kPatienceNs / kNsPerMs)) == 1;
}

}  // namespace c1m::test
