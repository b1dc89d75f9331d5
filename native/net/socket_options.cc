#include "native/net/socket_options.h"

#include <sys/socket.h>

#include <cerrno>

namespace c1m {
namespace {

int Set(int fd, const SocketOption& option) {
  const auto size = static_cast<socklen_t>(option.value.size());
  return ::setsockopt(fd, option.level, option.name, option.value.data(), size) == 0 ? 0 : errno;
}

}  // namespace

int SetOptions(int fd, int family, const SocketOptions& options) {
  for (const SocketOption& option : options) {
    if (option.family != AF_UNSPEC && option.family != family) continue;
    if (const int error = Set(fd, option); error != 0) return error;
  }
  return 0;
}

int SetOwnOptions(int fd, int family, const SocketOptions& options) {
  for (const SocketOption& option : options) {
    if (option.family != family) continue;
    if (const int error = Set(fd, option); error != 0) return error;
  }
  return 0;
}

}  // namespace c1m
