#include "native/net/socket_options.h"

#include <sys/socket.h>

#include <cerrno>

namespace c1m {

int SetOptions(int fd, int family, const SocketOptions& options) {
  for (const SocketOption& option : options) {
    if (option.family != AF_UNSPEC && option.family != family) continue;
    if (::setsockopt(fd, option.level, option.name, option.value.data(),
                     static_cast<socklen_t>(option.value.size())) != 0) {
      return errno;
    }
  }
  return 0;
}

}  // namespace c1m
