// How many local ports the sockets of this network namespace hold towards the same destination.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "native/net/result.h"

namespace c1m {

// Sockets from one address to one destination.
struct PortUse {
  // IPv4 mapped into IPv6.
  std::array<uint8_t, 16> local_address{};
  std::array<uint8_t, 16> remote_address{};
  uint16_t remote_port = 0;
  // With a local port of the range: those in TIME_WAIT, and the others.
  uint32_t time_waits = 0;
  uint32_t others = 0;
  // With a local port outside of it.
  uint32_t outside = 0;
};

struct EphemeralRange {
  uint16_t first = 0;
  uint16_t last = 0;
};

// The pairs of which at least so many ports of the range are held. Walks through all sockets, and
// once or twice more when there may be such pairs; takes 256 KiB, however many destinations there
// are.
Result<std::vector<PortUse>> FindPortUse(EphemeralRange range, uint32_t least);

}  // namespace c1m
