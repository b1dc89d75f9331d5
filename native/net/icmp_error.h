// Reads from a socket's error queue which host rejected a packet by ICMP: IP_RECVERR in ip(7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace c1m {

struct IcmpError {
  // The host that sent the error, without a port: "198.18.1.254", "fd00::1".
  std::string from;
  // AF_INET or AF_INET6: the types of each are different.
  int family = 0;
  uint8_t type = 0;
  uint8_t code = 0;

  bool operator==(const IcmpError&) const = default;
};

// Turns the error queue of an IPv6 socket on or off; off also discards the queued errors. It must
// be off once a connection is established, because with it every ICMP error ends the connection. An
// IPv4 socket needs no option: since Linux 5.11 (45af29ca761c) the kernel queues the ICMP errors of
// a handshake with or without IP_RECVERR; before, TCP queues none.
void KeepIcmpErrors(int fd, bool on);

// Removes the oldest ICMP error from the queue and returns it.
std::optional<IcmpError> TakeIcmpError(int fd);

}  // namespace c1m
