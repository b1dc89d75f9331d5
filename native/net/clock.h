// Monotonic time in nanoseconds, the one unit of the engine; hence a plain int64_t and no type of
// its own.
#pragma once

#include <cstdint>
#include <ctime>

namespace c1m {

inline constexpr int64_t kNsPerUs = 1'000;
inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int64_t kNsPerSecond = 1'000'000'000;

// CLOCK_MONOTONIC in nanoseconds, read through the vDSO (no system call).
inline int64_t NowNs() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * kNsPerSecond + now.tv_nsec;
}

}  // namespace c1m
