// The kernel's neighbor tables (ARP, NDISC), which all network namespaces share: rtnetlink(7),
// RTM_GETNEIGHTBL. It works in every namespace and without privilege; /proc/net/stat has the tables
// in the initial namespace only.
#pragma once

#include <cstdint>
#include <vector>

#include "native/net/result.h"

namespace c1m {

struct NeighborTable {
  // AF_INET or AF_INET6.
  int family = 0;
  // The number of entries in all namespaces, and its limit: gc_thresh3.
  uint64_t entries = 0;
  uint64_t most = 0;
  // How often the kernel did not add a neighbor because the table was full: neigh_alloc in
  // net/core/neighbour.c.
  uint64_t fulls = 0;
};

// Reads the IPv4 and the IPv6 table. Omits a table whose figures this kernel does not report.
[[nodiscard]] Result<std::vector<NeighborTable>> ReadNeighborTables();

}  // namespace c1m
