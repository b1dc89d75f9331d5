#include "native/net/cpu.h"

#include <doctest/doctest.h>
#include <sched.h>

#include <cstdint>
#include <set>

#include "native/net/thread.h"

namespace c1m::test {
namespace {

cpu_set_t Allowed() {
  cpu_set_t allowed;
  REQUIRE(::sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
  return allowed;
}

}  // namespace

TEST_CASE("cpu: each thread gets one of exactly as many CPUs as it may use") {
  const cpu_set_t allowed = Allowed();
  const auto count = static_cast<uint32_t>(CPU_COUNT(&allowed));
  std::set<int> cpus;
  for (uint32_t i = 0; i < count; ++i) {
    const int cpu = CpuOf(i, count);
    REQUIRE(cpu >= 0);
    CHECK(CPU_ISSET(static_cast<size_t>(cpu), &allowed));
    cpus.insert(cpu);
  }
  CHECK(cpus.size() == count);
}

TEST_CASE("cpu: with more or fewer threads than CPUs none gets one") {
  const cpu_set_t allowed = Allowed();
  const auto count = static_cast<uint32_t>(CPU_COUNT(&allowed));
  CHECK(CpuOf(0, count + 1) == -1);
  CHECK(CpuOf(0, count - 1) == -1);
  CHECK(CpuOf(count, count) == -1);
}

TEST_CASE("cpu: a thread that has moved keeps its allowed CPUs") {
  Thread thread;
  REQUIRE(thread.Start([] {
    const cpu_set_t before = Allowed();
    const auto count = static_cast<uint32_t>(CPU_COUNT(&before));
    for (uint32_t i = 0; i < count; ++i) {
      MoveToCpu(CpuOf(i, count));
      const cpu_set_t after = Allowed();
      CHECK(CPU_EQUAL(&before, &after));
    }
  }) == 0);
  thread.Join();
}

TEST_CASE("cpu: a thread stays where it is if it cannot move") {
  const cpu_set_t before = Allowed();
  for (const int cpu : {-1, CPU_SETSIZE - 1, CPU_SETSIZE}) MoveToCpu(cpu);
  const cpu_set_t after = Allowed();
  CHECK(CPU_EQUAL(&before, &after));
}

}  // namespace c1m::test
