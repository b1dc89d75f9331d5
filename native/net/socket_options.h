// Socket options chosen by the user of a run, in the form of setsockopt(2). lib/ decides which
// options exist and what their values mean; the engine sets what it is given.
#pragma once

#include <string>
#include <vector>

namespace c1m {

struct SocketOption {
  // AF_INET or AF_INET6: only for sockets of this family. AF_UNSPEC: for any.
  int family = 0;
  int level = 0;
  int name = 0;
  // The bytes of the value in host order.
  std::string value;
};

using SocketOptions = std::vector<SocketOption>;

// Sets the options for sockets of this family. Returns 0, or the errno of the first one that the
// kernel refuses.
[[nodiscard]] int SetOptions(int fd, int family, const SocketOptions& options);

// Sets only those that are for this family alone. Returns the same.
[[nodiscard]] int SetOwnOptions(int fd, int family, const SocketOptions& options);

}  // namespace c1m
