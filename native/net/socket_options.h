// Socket options that the caller of a run chooses, as setsockopt(2) takes them. Which there are,
// and what their values mean, is decided above the binding: the engine sets what it is given.
#pragma once

#include <string>
#include <vector>

namespace c1m {

struct SocketOption {
  // AF_INET or AF_INET6: only for sockets of this family. AF_UNSPEC: for any.
  int family = 0;
  int level = 0;
  int name = 0;
  // The bytes of the value, in the order of this host.
  std::string value;
};

using SocketOptions = std::vector<SocketOption>;

// Sets those that are for sockets of this family. 0, or the errno of the first that the kernel
// refuses.
[[nodiscard]] int SetOptions(int fd, int family, const SocketOptions& options);

// Sets only those that are for this family alone. Returns the same.
[[nodiscard]] int SetOwnOptions(int fd, int family, const SocketOptions& options);

}  // namespace c1m
