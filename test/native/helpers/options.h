// Socket options for tests.
#pragma once

#include <sys/socket.h>

#include <cstring>
#include <string>

#include "native/net/socket_options.h"

namespace c1m::test {

inline SocketOption IntegerOption(int family, int level, int name, int value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return {.family = family, .level = level, .name = name, .value = bytes};
}

// An option that the kernel refuses with ENODEV, to root as well.
inline SocketOption MissingDevice() {
  return {.family = AF_UNSPEC, .level = SOL_SOCKET, .name = SO_BINDTODEVICE, .value = "nosuch0"};
}

}  // namespace c1m::test
