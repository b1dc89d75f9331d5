// Keepalive options of one socket: tcp(7).
#pragma once

namespace c1m {

struct Keepalive {
  // SO_KEEPALIVE, and TCP_KEEPIDLE, TCP_KEEPINTVL (seconds), and TCP_KEEPCNT.
  int on = 0;
  int idle_s = 0;
  int interval_s = 0;
  int count = 0;
};

// False if the kernel refuses.
[[nodiscard]] bool ReadKeepalive(int fd, Keepalive& keepalive);
[[nodiscard]] bool SetKeepalive(int fd, const Keepalive& keepalive);

// The fastest probing that the kernel allows, with the maximum of TCP_KEEPCNT (MAX_TCP_KEEPCNT in
// net/tcp.h), so that the kernel does not give the connection up.
inline constexpr Keepalive kFastestKeepalive{.on = 1, .idle_s = 1, .interval_s = 1, .count = 127};

}  // namespace c1m
