#include "native/net/descriptor_table.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <numeric>
#include <vector>

#include "native/net/fd.h"
#include "native/net/thread.h"

namespace c1m {
namespace {

// glibc 2.34 added the wrapper; the system call itself works with any libc.
bool CloseRange(unsigned first, unsigned flags) {
  return ::syscall(SYS_close_range, first, ~0U, flags) == 0;
}

}  // namespace

bool EnterPrivateTable(std::span<int> keep) {
  // Unsharing with a lower bound copies only the descriptors below it, so this is cheap however
  // many the process has open above.
  const int highest = keep.empty() ? kFirstFreeFd - 1 : *std::max_element(keep.begin(), keep.end());
  if (!CloseRange(static_cast<unsigned>(highest) + 1, CLOSE_RANGE_UNSHARE)) return false;

  // In ascending order no move overwrites a source that still has to move, because each target is
  // at most its source.
  std::vector<size_t> order(keep.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return keep[a] < keep[b]; });
  int next = kFirstFreeFd;
  for (const size_t index : order) {
    if (keep[index] != next) ::dup3(keep[index], next, O_CLOEXEC);
    keep[index] = next++;
  }
  CloseRange(static_cast<unsigned>(next), 0);
  return true;
}

bool PrivateTablesWork() {
  enum : int { kUnknown, kNo, kYes };
  static std::atomic<int> known{kUnknown};
  if (known == kUnknown) {
    bool entered = false;
    Thread thread;
    // If no thread can be started the answer is unknown; the next call tries again.
    if (thread.Start([&entered] { entered = EnterPrivateTable({}); }) != 0) return false;
    thread.Join();
    known = entered ? kYes : kNo;
  }
  return known == kYes;
}

int RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, INT_MAX));
}

}  // namespace c1m
