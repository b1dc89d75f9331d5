#include "native/net/icmp_error.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace c1m {
namespace {

// Reads the kernel's extended error and the address that follows it (SO_EE_OFFENDER).
std::optional<IcmpError> Parse(const cmsghdr& header) {
  const bool v4 = header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_RECVERR;
  const bool v6 = header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_RECVERR;
  const size_t sender = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if ((!v4 && !v6) || header.cmsg_len < CMSG_LEN(sizeof(sock_extended_err) + sender)) {
    return std::nullopt;
  }
  const unsigned char* data = CMSG_DATA(&header);
  sock_extended_err error;
  std::memcpy(&error, data, sizeof(error));
  if (error.ee_origin != (v6 ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP)) return std::nullopt;
  const size_t address = v6 ? offsetof(sockaddr_in6, sin6_addr) : offsetof(sockaddr_in, sin_addr);
  std::array<char, INET6_ADDRSTRLEN> text;
  const int family = v6 ? AF_INET6 : AF_INET;
  ::inet_ntop(family, data + sizeof(error) + address, text.data(), text.size());
  return IcmpError{
      .from = text.data(), .family = family, .type = error.ee_type, .code = error.ee_code};
}

}  // namespace

void KeepIcmpErrors(int fd, bool on) {
  const int value = on ? 1 : 0;
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &value, sizeof(value));
}

std::optional<IcmpError> TakeIcmpError(int fd) {
  // The kernel also returns the rejected packet; its first bytes are enough.
  std::array<char, 64> packet;
  alignas(cmsghdr) std::array<char, 256> control;
  iovec into{.iov_base = packet.data(), .iov_len = packet.size()};
  msghdr message{};
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (auto error = Parse(*header)) return error;
  }
  return std::nullopt;
}

}  // namespace c1m
