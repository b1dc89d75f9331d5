// Keepalive probes of one socket: tcp(7).
#pragma once

namespace c1m {

struct Keepalive {
  // SO_KEEPALIVE, and TCP_KEEPIDLE, TCP_KEEPINTVL (seconds), and TCP_KEEPCNT.
  int on = 0;
  int idle_s = 0;
  int interval_s = 0;
  int count = 0;
};

// False where the kernel doesn't tell.
[[nodiscard]] bool ReadKeepalive(int fd, Keepalive& keepalive);
[[nodiscard]] bool SetKeepalive(int fd, const Keepalive& keepalive);

// As fast as the kernel probes, and without ever giving the connection up: 127 probes is the most
// that TCP_KEEPCNT takes (MAX_TCP_KEEPCNT in net/tcp.h).
inline constexpr Keepalive kFastestKeepalive{.on = 1, .idle_s = 1, .interval_s = 1, .count = 127};

}  // namespace c1m
