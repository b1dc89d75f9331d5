// The kernel's tables of neighbours (ARP, NDISC), which all network namespaces share: rtnetlink(7),
// RTM_GETNEIGHTBL. /proc/net/stat has them in the initial namespace only; this answers in each.
// Needs no privilege.
#pragma once

#include <cstdint>
#include <vector>

#include "native/net/result.h"

namespace c1m {

struct NeighbourTable {
  // AF_INET or AF_INET6.
  int family = 0;
  // Neighbours of all namespaces, and the most there may be: gc_thresh3.
  uint64_t entries = 0;
  uint64_t most = 0;
  // How often a neighbour was not added because there were that many: neigh_alloc in
  // net/core/neighbour.c.
  uint64_t fulls = 0;
};

// Those of IPv4 and IPv6. A table whose figures this kernel does not tell is left out.
[[nodiscard]] Result<std::vector<NeighbourTable>> ReadNeighbourTables();

}  // namespace c1m
