// The descriptors and threads of the test process, and child processes for irreversible actions.
#pragma once

#include <sched.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace c1m::test {

// The numbers in the descriptor table of the process.
std::vector<int> OpenDescriptors();
// The numbers in the descriptor table of one of its threads.
std::vector<int> OpenDescriptors(int thread);
// The threads of the process, including those that are still exiting.
std::vector<int> Threads();
size_t ThreadCount();

// Lowers the soft RLIMIT_NOFILE for its lifetime.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(unsigned limit);
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit();

 private:
  unsigned long before_;
};

// Keeps this thread, and threads it starts, on one CPU for its lifetime.
class OneCpu {
 public:
  OneCpu();
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;
  ~OneCpu();

 private:
  cpu_set_t before_;
};

// Runs `body` in a forked child and returns its exit status; 127 if it threw, 128 + the signal if
// it was killed.
int InChild(const std::function<int()>& body);

// Makes the system call with this number fail with `error`, or only if its first argument is
// `first`. Irreversible, so for child processes only.
bool RefuseCall(uint32_t call, int error, std::optional<uint32_t> first = std::nullopt);

// Like a kernel or a container without close_range(2).
bool RefuseCloseRange(int error, std::optional<uint32_t> first = std::nullopt);

// Runs a test case that is normally skipped, and whose name has no comma, in a process of its own.
// Returns 0 if it passed, 128 + the signal if it was killed.
int RunAlone(const char* test_case);

// A child process that keeps a copy of every descriptor of this one for the lifetime of the object.
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
