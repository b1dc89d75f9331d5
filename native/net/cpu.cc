#include "native/net/cpu.h"

#include <sched.h>

namespace c1m {

int CpuOf(uint32_t index, uint32_t count) {
  cpu_set_t allowed;
  // EINVAL if the machine has more than CPU_SETSIZE CPUs.
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return -1;
  if (CPU_COUNT(&allowed) != static_cast<int>(count)) return -1;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed) && index-- == 0) return cpu;
  }
  return -1;
}

void MoveToCpu(int cpu) {
  cpu_set_t allowed;
  if (cpu < 0 || cpu >= CPU_SETSIZE) return;
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  CPU_SET(static_cast<size_t>(cpu), &wanted);
  if (::sched_setaffinity(0, sizeof(wanted), &wanted) != 0) return;
  ::sched_setaffinity(0, sizeof(allowed), &allowed);
}

}  // namespace c1m
