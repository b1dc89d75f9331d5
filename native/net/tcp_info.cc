#include "native/net/tcp_info.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace c1m {

std::optional<HandshakeInfo> ReadHandshakeInfo(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  // getsockopt copies min(asked, kernel's size) and says how much: judge by that length, never by
  // the version.
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  constexpr size_t kNeeded =
      offsetof(tcp_info, tcpi_total_retrans) + sizeof(info.tcpi_total_retrans);
  if (size < kNeeded) return std::nullopt;
  return HandshakeInfo{.syn_retransmits = info.tcpi_total_retrans, .rtt_us = info.tcpi_rtt};
}

}  // namespace c1m
