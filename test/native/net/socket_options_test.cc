#include "native/net/socket_options.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "native/net/fd.h"
#include "native/net/socket.h"
#include "test/native/helpers/options.h"

namespace c1m::test {
namespace {

int Read(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  CHECK(::getsockopt(fd, level, name, &value, &size) == 0);
  return value;
}

}  // namespace

TEST_CASE("socket_options: each option of the socket's family is set, and others are skipped") {
  const UniqueFd socket(OpenStream(AF_INET).value());
  const SocketOptions options{IntegerOption(AF_UNSPEC, SOL_SOCKET, SO_KEEPALIVE, 1),
                              IntegerOption(AF_INET, IPPROTO_IP, IP_TOS, 16),
                              IntegerOption(AF_INET6, IPPROTO_IPV6, IPV6_TCLASS, 32)};
  CHECK(SetOptions(socket.get(), AF_INET, options) == 0);
  CHECK(Read(socket.get(), SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(Read(socket.get(), IPPROTO_IP, IP_TOS) == 16);
}

TEST_CASE("socket_options: the first option that the kernel refuses ends it") {
  const UniqueFd socket(OpenStream(AF_INET).value());
  const SocketOptions options{IntegerOption(AF_UNSPEC, SOL_SOCKET, 9999, 1),
                              IntegerOption(AF_UNSPEC, SOL_SOCKET, SO_KEEPALIVE, 1)};
  CHECK(SetOptions(socket.get(), AF_INET, options) == ENOPROTOOPT);
  CHECK(Read(socket.get(), SOL_SOCKET, SO_KEEPALIVE) == 0);
}

TEST_CASE("socket_options: an empty value is passed to the kernel, which refuses it") {
  const UniqueFd socket(OpenStream(AF_INET).value());
  const SocketOption empty{
      .family = AF_UNSPEC, .level = SOL_SOCKET, .name = SO_KEEPALIVE, .value = ""};
  CHECK(SetOptions(socket.get(), AF_INET, {empty}) == EINVAL);
}

TEST_CASE("socket_options: a device that does not exist is refused") {
  const UniqueFd socket(OpenStream(AF_INET).value());
  CHECK(SetOptions(socket.get(), AF_INET, {MissingDevice()}) == ENODEV);
}

}  // namespace c1m::test
