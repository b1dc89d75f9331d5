// TCP_INFO, read whatever the kernel's age.
#pragma once

#include <cstdint>
#include <optional>

namespace c1m {

// What a handshake leaves behind. Names follow struct tcp_info of linux/tcp.h.
struct HandshakeInfo {
  // Segments sent again so far; before any data has flown these are the repeated SYNs
  // (tcpi_total_retrans).
  uint32_t syn_retransmits = 0;
  // Smoothed round-trip time in microseconds (tcpi_rtt).
  uint32_t rtt_us = 0;
};

// Nothing when the socket is gone or the kernel returned a structure too short to hold the fields.
std::optional<HandshakeInfo> ReadHandshakeInfo(int fd);

}  // namespace c1m
