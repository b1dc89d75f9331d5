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
// The numbers in the table of one of its threads.
std::vector<int> OpenDescriptors(int thread);
// Threads of the process, those still on their way out included.
std::vector<int> Threads();
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

// From now on the system call with this number fails with `error`; or only when its first argument
// is `first`. Can't be undone: for children only.
bool RefuseCall(uint32_t call, int error, std::optional<uint32_t> first = std::nullopt);

// As under a kernel or a container that lacks close_range(2).
bool RefuseCloseRange(int error, std::optional<uint32_t> first = std::nullopt);

// Runs another test case, one that is skipped otherwise and whose name has no comma, in a process
// of its own: 0 when it passed, 128 + the signal when it was killed.
int RunAlone(const char* test_case);

// A process that has a copy of every descriptor of this one, for as long as it lives here.
class TableCopy {
 public:
  TableCopy();
  TableCopy(const TableCopy&) = delete;
  TableCopy& operator=(const TableCopy&) = delete;
  ~TableCopy();

 private:
  int child_;
};

}  // namespace c1m::test
