// A descriptor table that belongs to one thread.
//
// RLIMIT_NOFILE bounds a table, not a process, so threads that leave the process's table lift one
// process far above the limit. They also stop contending on one big table, and their descriptors
// are dense, so that an array indexed by descriptor holds the state of their connections.
#pragma once

#include <span>

namespace c1m {

// Moves the calling thread into a table of its own that holds stdio, so that a crash report still
// lands, and the descriptors in `keep`, all above stdio, and writes their new numbers back: the
// lowest ones from kFirstFreeFd up, in order. Returns false, with `keep` as it was, where the
// kernel lacks close_range(2) with CLOSE_RANGE_UNSHARE (before Linux 5.9) or a seccomp filter
// refuses it; the thread then still shares the process's table.
[[nodiscard]] bool EnterPrivateTable(std::span<int> keep);

// Whether EnterPrivateTable works here; asked once, on a thread of its own.
[[nodiscard]] bool PrivateTablesWork();

// The soft RLIMIT_NOFILE, raised to the hard one first.
[[nodiscard]] int RaiseDescriptorLimit();

}  // namespace c1m
