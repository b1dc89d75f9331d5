#include "native/net/socket_options.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "native/net/fd.h"
#include "native/net/socket.h"

using namespace c1m;

namespace {

SocketOption Integer(int family, int level, int name, int value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return {.family = family, .level = level, .name = name, .value = bytes};
}

int Read(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  CHECK(::getsockopt(fd, level, name, &value, &size) == 0);
  return value;
}

}  // namespace

TEST_CASE("socket_options: each option of the socket's family is set, others are left out") {
  const UniqueFd socket(OpenStream(AF_INET).value());
  const SocketOptions options{Integer(AF_UNSPEC, SOL_SOCKET, SO_KEEPALIVE, 1),
                              Integer(AF_INET, IPPROTO_IP, IP_TOS, 16),
                              Integer(AF_INET6, IPPROTO_IPV6, IPV6_TCLASS, 32)};
  CHECK(SetOptions(socket.get(), AF_INET, options) == 0);
  CHECK(Read(socket.get(), SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(Read(socket.get(), IPPROTO_IP, IP_TOS) == 16);
}

TEST_CASE("socket_options: the first option that the kernel refuses ends it") {
  const UniqueFd socket(OpenStream(AF_INET).value());
  const SocketOptions options{Integer(AF_UNSPEC, SOL_SOCKET, 9999, 1),
                              Integer(AF_UNSPEC, SOL_SOCKET, SO_KEEPALIVE, 1)};
  CHECK(SetOptions(socket.get(), AF_INET, options) == ENOPROTOOPT);
  CHECK(Read(socket.get(), SOL_SOCKET, SO_KEEPALIVE) == 0);
}
