// Which host rejected a packet of a socket by ICMP: the error queue of a socket, IP_RECVERR in
// ip(7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace c1m {

struct IcmpError {
  // Who sent it, without a port: "198.18.1.254", "fd00::1".
  std::string from;
  // AF_INET or AF_INET6: each has types of its own.
  int family = 0;
  uint8_t type = 0;
  uint8_t code = 0;

  bool operator==(const IcmpError&) const = default;
};

// Has the kernel keep the ICMP errors of an IPv6 socket, or not any more, and drops those it has
// kept. With IPv4 it keeps those of a handshake unasked, with or without IP_RECVERR, from
// Linux 5.11 on (45af29ca761c); before, TCP keeps none. Once a connection is established this makes
// every ICMP error end it, so it must be off by then.
void KeepIcmpErrors(int fd, bool on);

// The oldest error in the queue that came by ICMP, taken off it.
std::optional<IcmpError> TakeIcmpError(int fd);

}  // namespace c1m
