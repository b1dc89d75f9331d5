// Whether the SYN of a handshake met an older connection of its 4-tuple.
//
// The peer of a connection that is gone here may still have it, or its TIME_WAIT. It answers a SYN
// with an ACK of that connection. Our side sends RST, and its SYN again after 2 jiffies
// (tcp_rcv_synsent_state_process in net/ipv4/tcp_input.c). TCP_INFO tells that from a lost SYN,
// which brings no segment and is sent again after a second.
#pragma once

#include <cstdint>

#include "native/net/tcp_info.h"

namespace c1m {

// How a handshake went that was slow enough to ask.
struct HandshakeTrace {
  // SYNs sent again.
  uint32_t syn_repeats = 0;
  // From the SYN that the server answered to its answer; 0 when unknown, which it is after a
  // repeated SYN unless both ends have timestamps: the answer echoes that of the SYN. A server
  // whose SYN-ACK was lost still echoes that of the first SYN.
  uint32_t answered_after_us = 0;
  bool answered_stale = false;
};

// Of a handshake that was established `latency_ns` after its first SYN.
[[nodiscard]] HandshakeTrace TraceHandshake(int fd, int64_t latency_ns);
// Of one that is given up.
[[nodiscard]] bool IsAnsweredStale(int fd);

// The same, judged by TCP_INFO.
[[nodiscard]] bool WasAnsweredStale(const TcpInfo& info, int64_t latency_ns);
[[nodiscard]] bool IsAnsweredStale(const TcpInfo& info);

}  // namespace c1m
