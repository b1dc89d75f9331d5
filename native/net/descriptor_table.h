// A descriptor table that belongs to one thread.
//
// RLIMIT_NOFILE limits a table, not a process, so threads with tables of their own raise one
// process far above the limit. They also avoid contention on one big table, and their descriptors
// are dense: an array indexed by descriptor holds the state of their connections.
#pragma once

#include <span>

namespace c1m {

// Moves the calling thread into a table of its own. The table keeps stdio, so that a crash report
// is still printed, and the descriptors in `keep`, all of them above stdio. Their new numbers, the
// lowest ones from kFirstFreeFd up in the same order, are written back to `keep`.
// Returns false and leaves `keep` unchanged if the kernel lacks close_range(2) with
// CLOSE_RANGE_UNSHARE (before Linux 5.9) or a seccomp filter refuses it; the thread then still
// shares the process's table.
[[nodiscard]] bool EnterPrivateTable(std::span<int> keep);

// Whether EnterPrivateTable works here; tried once, on a thread of its own.
[[nodiscard]] bool PrivateTablesWork();

// Raises the soft RLIMIT_NOFILE to the hard limit and returns the soft limit.
[[nodiscard]] int RaiseDescriptorLimit();

}  // namespace c1m
