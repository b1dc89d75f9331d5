#include "native/net/socket.h"

#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include "native/net/fd.h"

namespace c1m {

Result<int> OpenStream(int family) {
  const int fd = AboveStdio(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd < 0) return LastError("socket");
  return fd;
}

void AllowAddressReuse(int fd) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

void LimitSynRetries(int fd, int retries) {
  ::setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
}

void ResetOnClose(int fd) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

bool IsConnected(int fd) {
  sockaddr_storage peer;
  socklen_t size = sizeof(peer);
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

int PendingError(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

Result<int> OpenListener(const SocketAddress& address, int backlog, PortSharing sharing,
                         const SocketOptions& options, Families families) {
  auto opened = OpenStream(address.family());
  if (!opened.ok()) return opened.error();
  UniqueFd socket(opened.value());
  AllowAddressReuse(socket.get());
  // Before listen(2), because that derives the window scale from the receive buffer.
  if (const int error = SetOptions(socket.get(), address.family(), options); error != 0) {
    return SysError{error, "setsockopt"};
  }
  const int on = 1;
  if (address.family() == AF_INET6) {
    // Set either way: net.ipv6.bindv6only has the default.
    const int v6_only = families == Families::kIpv6 ? 1 : 0;
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
    if (v6_only == 0) {
      // Connections over IPv4 have its options as well.
      if (const int error = SetOwnOptions(socket.get(), AF_INET, options); error != 0) {
        return SysError{error, "setsockopt"};
      }
    }
  }
  const auto share = [&] {
    return ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0;
  };
  if (sharing == PortSharing::kNext && !share()) return LastError("setsockopt");
  if (::bind(socket.get(), address.raw(), address.size()) != 0) return LastError("bind");
  // Only after bind(2), so that bind(2) fails if another process listens there. Our next sockets
  // can still join.
  if (sharing == PortSharing::kFirst && !share()) return LastError("setsockopt");
  if (::listen(socket.get(), backlog) != 0) return LastError("listen");
  return socket.Release();
}

Result<int> OpenEventFd() {
  const int fd = AboveStdio(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (fd < 0) return LastError("eventfd");
  return fd;
}

void Signal(int event_fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_fd, &one, sizeof(one));
}

}  // namespace c1m
