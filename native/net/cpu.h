// Placement of threads on CPUs.
#pragma once

#include <cstdint>

namespace c1m {

// The CPU of thread `index` of `count`, if this thread may run on exactly `count` CPUs; otherwise
// -1.
[[nodiscard]] int CpuOf(uint32_t index, uint32_t count);

// Moves this thread to `cpu` now; the scheduler may move it again later. Does nothing for -1.
void MoveToCpu(int cpu);

}  // namespace c1m
