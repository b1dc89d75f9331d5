// Counts the local ports in use to each destination by the sockets of this network namespace.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "native/net/result.h"

namespace c1m {

// The sockets from one address to one destination.
struct PortUse {
  // IPv4 mapped into IPv6.
  std::array<uint8_t, 16> local_address{};
  std::array<uint8_t, 16> remote_address{};
  uint16_t remote_port = 0;
  // Sockets with a local port in the range: those in TIME_WAIT, and the others.
  uint32_t time_waits = 0;
  uint32_t others = 0;
  // Sockets with a local port outside the range.
  uint32_t outside = 0;
};

struct EphemeralRange {
  uint16_t first = 0;
  uint16_t last = 0;
};

// Finds the pairs that use at least `least` ports of the range. Walks over all sockets, and a
// second time if such pairs may exist. Takes 256 KiB, however many destinations there are.
Result<std::vector<PortUse>> FindPortUse(EphemeralRange range, uint32_t least);

}  // namespace c1m
