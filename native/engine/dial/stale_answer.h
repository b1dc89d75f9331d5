// Tells whether the SYN of a handshake met an older connection of its 4-tuple.
//
// The peer of a connection that is closed here may still have it, or its TIME_WAIT, and answers a
// SYN with an ACK of that connection. Our side then sends RST and repeats its SYN after 2 jiffies
// (tcp_rcv_synsent_state_process in net/ipv4/tcp_input.c). TCP_INFO distinguishes this from a lost
// SYN, which causes no segment and is repeated after a second.
#pragma once

#include <cstdint>

#include "native/net/tcp_info.h"

namespace c1m {

// The course of a handshake that was slow enough to be examined.
struct HandshakeTrace {
  // Repeated SYNs.
  uint32_t syn_repeats = 0;
  // Time from the SYN that the server answered to its answer, or 0 if unknown. After a repeated SYN
  // it is known only with timestamps, because the answer echoes that of the SYN. A server whose
  // SYN-ACK was lost still echoes the timestamp of the first SYN.
  uint32_t answered_after_us = 0;
  bool answered_stale = false;
};

// For a handshake that succeeded `latency_ns` after its first SYN.
[[nodiscard]] HandshakeTrace TraceHandshake(int fd, int64_t latency_ns);
// For a handshake that is given up.
[[nodiscard]] bool IsAnsweredStale(int fd);

// The same, derived from TCP_INFO alone.
[[nodiscard]] bool WasAnsweredStale(const TcpInfo& info, int64_t latency_ns);
[[nodiscard]] bool IsAnsweredStale(const TcpInfo& info);

}  // namespace c1m
