#include "native/net/address.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <limits>

namespace c1m {
namespace {

// The high and low halves of an IPv6 address in host order.
struct Halves {
  uint64_t high = 0;
  uint64_t low = 0;
};

Halves Split(const in6_addr& address) {
  Halves halves;
  for (int i = 0; i < 8; ++i) {
    halves.high = halves.high << 8 | address.s6_addr[i];
    halves.low = halves.low << 8 | address.s6_addr[i + 8];
  }
  return halves;
}

in6_addr Join(Halves halves) {
  in6_addr address{};
  for (int i = 7; i >= 0; --i) {
    address.s6_addr[i] = static_cast<uint8_t>(halves.high);
    address.s6_addr[i + 8] = static_cast<uint8_t>(halves.low);
    halves.high >>= 8;
    halves.low >>= 8;
  }
  return address;
}

}  // namespace

std::optional<SocketAddress> SocketAddress::Parse(const std::string& numeric, uint16_t port) {
  // inet_pton(3) would stop at the first NUL.
  if (numeric.find('\0') != std::string::npos) return std::nullopt;
  SocketAddress address;
  if (::inet_pton(AF_INET, numeric.c_str(), &address.v4_.sin_addr) == 1) {
    address.v4_.sin_family = AF_INET;
  } else if (::inet_pton(AF_INET6, numeric.c_str(), &address.v6_.sin6_addr) == 1) {
    address.v6_.sin6_family = AF_INET6;
  } else {
    return std::nullopt;
  }
  address.set_port(port);
  return address;
}

std::optional<SocketAddress> SocketAddress::Local(int fd) {
  SocketAddress address;
  socklen_t size = sizeof(address.v6_);
  if (::getsockname(fd, &address.any_, &size) != 0) return std::nullopt;
  return address;
}

// POSIX does not promise that sin_port and sin6_port are at the same offset.
uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET6 ? v6_.sin6_port : v4_.sin_port);
}

void SocketAddress::set_port(uint16_t port) {
  (family() == AF_INET6 ? v6_.sin6_port : v4_.sin_port) = htons(port);
}

SocketAddress SocketAddress::Plus(uint64_t offset) const {
  SocketAddress next = *this;
  if (family() == AF_INET) {
    next.v4_.sin_addr.s_addr = htonl(ntohl(v4_.sin_addr.s_addr) + static_cast<uint32_t>(offset));
    return next;
  }
  Halves halves = Split(v6_.sin6_addr);
  halves.low += offset;
  if (halves.low < offset) ++halves.high;
  next.v6_.sin6_addr = Join(halves);
  return next;
}

uint64_t SocketAddress::CountTo(const SocketAddress& last) const {
  if (family() != last.family()) return 0;
  if (family() == AF_INET) {
    const uint32_t from = ntohl(v4_.sin_addr.s_addr);
    const uint32_t to = ntohl(last.v4_.sin_addr.s_addr);
    return to < from ? 0 : uint64_t{to} - from + 1;
  }
  const Halves from = Split(v6_.sin6_addr);
  const Halves to = Split(last.v6_.sin6_addr);
  if (to.high < from.high || (to.high == from.high && to.low < from.low)) return 0;
  const uint64_t distance = to.low - from.low;
  const bool huge = to.high - from.high > (to.low < from.low ? 1U : 0U) ||
                    distance == std::numeric_limits<uint64_t>::max();
  return huge ? std::numeric_limits<uint64_t>::max() : distance + 1;
}

std::array<uint8_t, 16> SocketAddress::Mapped() const {
  std::array<uint8_t, 16> bytes{};
  if (family() == AF_INET6) {
    std::memcpy(bytes.data(), &v6_.sin6_addr, bytes.size());
  } else {
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, &v4_.sin_addr, sizeof(v4_.sin_addr));
  }
  return bytes;
}

std::string SocketAddress::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET6) {
    ::inet_ntop(AF_INET6, &v6_.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(port());
  }
  ::inet_ntop(AF_INET, &v4_.sin_addr, text.data(), text.size());
  return std::string(text.data()) + ":" + std::to_string(port());
}

}  // namespace c1m
