// What the test process has open, and children of it for what can't be undone.
#pragma once

#include <sched.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace c1m::test {

// The numbers in the process's descriptor table.
std::vector<int> OpenDescriptors();
// Threads of the process, those still on their way out included.
size_t ThreadCount();

// Lowers the soft RLIMIT_NOFILE while it lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(unsigned limit);
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit();

 private:
  unsigned long before_;
};

// Keeps this thread, and those it makes, on one CPU while it lives.
class OneCpu {
 public:
  OneCpu();
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;
  ~OneCpu();

 private:
  cpu_set_t before_;
};

// Runs `body` in a forked child and returns the exit status it asked for; 127 when it threw, 128 +
// the signal when it was killed.
int InChild(const std::function<int()>& body);

// From now on close_range(2) fails with `error`, as under a kernel or a container that lacks it; or
// only when asked to begin at descriptor `first`. Can't be undone: for children only.
bool RefuseCloseRange(int error, std::optional<uint32_t> first = std::nullopt);

}  // namespace c1m::test
