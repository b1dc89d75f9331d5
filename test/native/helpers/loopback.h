// Loopback addresses that belong to one test.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "native/engine/state/options.h"
#include "native/net/address.h"

namespace c1m::test {

inline SocketAddress Address(const std::string& numeric, uint16_t port = 0) {
  return SocketAddress::Parse(numeric, port).value();
}

// `count` consecutive addresses that no other test uses. 127.128.0.0/9 is divided by process id, so
// concurrent test processes do not overlap, and all ports of the addresses are free.
inline SocketAddress UniqueLoopback(uint16_t port = 0, uint64_t count = 1) {
  static std::atomic<uint64_t> next{1};
  const auto process = static_cast<uint64_t>(::getpid()) % (1U << 15);
  SocketAddress address = Address("127.128.0.0").Plus(process * 256 + next.fetch_add(count));
  address.set_port(port);
  return address;
}

inline AddressRange UniqueSources(uint64_t count = 1) {
  return {.first = UniqueLoopback(0, count), .count = count};
}

inline SocketAddress WithPort(SocketAddress address, uint16_t port) {
  address.set_port(port);
  return address;
}

}  // namespace c1m::test
