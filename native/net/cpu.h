// Where a thread runs.
#pragma once

#include <cstdint>

namespace c1m {

// One of the `count` CPUs that this thread may run on, when it may run on exactly so many, or -1.
[[nodiscard]] int CpuOf(uint32_t index, uint32_t count);

// Continues on that CPU, from where the scheduler may take the thread as it sees fit; -1: stays.
void MoveToCpu(int cpu);

}  // namespace c1m
