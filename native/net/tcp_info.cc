#include "native/net/tcp_info.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <bit>

namespace c1m {
namespace {

// linux/tcp.h declares the receive scale second: bit-fields fill a byte from the end the machine
// counts from.
constexpr bool kSndIsLow = std::endian::native == std::endian::little;

}  // namespace

uint8_t TcpInfo::snd_wscale() const {
  return static_cast<uint8_t>(kSndIsLow ? wscales & 15 : wscales >> 4);
}

uint8_t TcpInfo::rcv_wscale() const {
  return static_cast<uint8_t>(kSndIsLow ? wscales >> 4 : wscales & 15);
}

size_t ReadTcpInfo(int fd, TcpInfo& info) {
  info = {};
  socklen_t size = sizeof(info);
  // getsockopt copies min(asked, kernel's size) and says how much: judge by that length, never by
  // the version.
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? size : 0;
}

std::optional<HandshakeInfo> ReadHandshake(int fd) {
  TcpInfo info;
  constexpr size_t kNeeded = offsetof(TcpInfo, total_retrans) + sizeof(info.total_retrans);
  if (ReadTcpInfo(fd, info) < kNeeded) return std::nullopt;
  return HandshakeInfo{.syn_repeats = info.total_retrans, .answered_after_us = info.rtt_us};
}

}  // namespace c1m
