#include "native/net/tcp_info.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>

namespace c1m {
namespace {

// linux/tcp.h declares the receive scale second; bit-fields fill a byte from its low end on
// little-endian machines and from its high end on others.
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
  // getsockopt returns the smaller of the requested and the kernel's size. Only this size, never
  // the kernel's version, tells which fields are filled.
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? size : 0;
}

uint32_t LastHeardAgeMs(const TcpInfo& info) {
  return info.last_data_recv_ms - std::min(info.last_data_recv_ms, info.last_ack_recv_ms);
}

bool HeardSinceHandshake(const TcpInfo& info) {
  // The ACK of our SYN counts as one byte.
  if (info.bytes_received > 0 || info.bytes_acked > 1) return true;
  // Until another ACK arrives both times are those of the SYN-ACK; a probe is sent after a second
  // at the earliest.
  constexpr uint32_t kSlackMs = 300;
  return LastHeardAgeMs(info) > kSlackMs;
}

namespace {

// Tolerance for the timers of a server.
constexpr uint32_t kTimerSlackMs = 250;

// TCP_SYNACK_RETRIES in net/tcp.h, the default of tcp_synack_retries.
constexpr uint32_t kSynAckRetries = 5;

uint32_t SynAckRepeatsBy(uint32_t age_ms) {
  uint32_t repeats = 0;
  while (repeats < kSynAckRetries && age_ms >= SynAckRepeatMs(repeats + 1)) ++repeats;
  return repeats;
}

}  // namespace

uint32_t SynAckRepeatMs(uint32_t number) { return ((1U << std::min(number, 16U)) - 1) * 1000; }

uint32_t DueSynAckRepeats(uint32_t age_ms) {
  const uint32_t slack_ms = age_ms / 20 + kTimerSlackMs;
  return age_ms > slack_ms ? SynAckRepeatsBy(age_ms - slack_ms) : 0;
}

uint32_t MostSynAckRepeats(uint32_t age_ms) { return SynAckRepeatsBy(age_ms + kTimerSlackMs); }

}  // namespace c1m
