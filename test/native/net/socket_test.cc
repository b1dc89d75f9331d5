#include "native/net/socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "test/native/helpers/eventually.h"
#include "test/native/helpers/loopback.h"
#include "test/native/helpers/options.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/process.h"

namespace c1m::test {
namespace {

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

bool Bind(int fd, const SocketAddress& address) {
  return ::bind(fd, address.raw(), address.size()) == 0;
}

}  // namespace

TEST_CASE("socket: a stream is non-blocking and closed on exec") {
  for (const int family : {AF_INET, AF_INET6}) {
    const UniqueFd socket(OpenStream(family).value());
    CHECK((::fcntl(socket.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(Option(socket.get(), SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
  }
}

TEST_CASE("socket: a stream that cannot be created names the call") {
  const auto opened = OpenStream(AF_UNSPEC);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == EAFNOSUPPORT);
  CHECK(std::string(opened.error().syscall) == "socket");
}

TEST_CASE("socket: several sockets that allow it share one local port") {
  const UniqueFd first(OpenStream(AF_INET).value());
  const UniqueFd second(OpenStream(AF_INET).value());
  const SocketAddress source = UniqueLoopback(2000);
  AllowAddressReuse(first.get());
  REQUIRE(Bind(first.get(), source));
  CHECK_FALSE(Bind(second.get(), source));
  AllowAddressReuse(second.get());
  CHECK(Bind(second.get(), source));
}

TEST_CASE("socket: the number of SYNs is limited as requested") {
  const UniqueFd socket(OpenStream(AF_INET).value());
  LimitSynRetries(socket.get(), 2);
  CHECK(Option(socket.get(), IPPROTO_TCP, TCP_SYNCNT) == 2);
}

TEST_CASE("socket: closing sends FIN, or RST if requested") {
  Pair pair = ConnectedPair();
  SUBCASE("FIN") {
    pair.ours.Reset();
    CHECK(EndOf(pair.theirs) == 0);
  }
  SUBCASE("RST") {
    ResetOnClose(pair.ours.get());
    pair.ours.Reset();
    CHECK(EndOf(pair.theirs) == ECONNRESET);
  }
}

TEST_CASE("socket: accepted sockets inherit the reset on close") {
  const UniqueFd listener = Listening();
  ResetOnClose(listener.get());
  const UniqueFd client = Connected(LocalAddress(listener));
  Accepted(listener).Reset();
  CHECK(EndOf(client) == ECONNRESET);
}

TEST_CASE("socket: a connect has succeeded once the handshake is over, and not before") {
  SUBCASE("answered") {
    const UniqueFd listener = Listening();
    const UniqueFd socket(OpenStream(AF_INET).value());
    CHECK_FALSE(IsConnected(socket.get()));
    const SocketAddress target = LocalAddress(listener);
    CHECK(::connect(socket.get(), target.raw(), target.size()) == -1);
    REQUIRE(Ready(socket.get(), POLLOUT));
    CHECK(IsConnected(socket.get()));
  }
  SUBCASE("unanswered") {
    const Deaf deaf = DeafListener();
    const UniqueFd socket(OpenStream(AF_INET).value());
    CHECK(::connect(socket.get(), deaf.address.raw(), deaf.address.size()) == -1);
    CHECK_FALSE(IsConnected(socket.get()));
  }
  SUBCASE("refused") {
    const UniqueFd socket(OpenStream(AF_INET).value());
    const SocketAddress unused = UniqueLoopback(1);
    CHECK(::connect(socket.get(), unused.raw(), unused.size()) == -1);
    REQUIRE(Ready(socket.get(), POLLOUT));
    CHECK_FALSE(IsConnected(socket.get()));
  }
}

TEST_CASE("socket: a connect has succeeded even if the peer has already closed") {
  Pair pair = ConnectedPair();
  pair.theirs.Reset();
  CHECK(EndOf(pair.ours) == 0);
  CHECK(IsConnected(pair.ours.get()));
}

TEST_CASE("socket: a pending error is returned once") {
  const UniqueFd socket(OpenStream(AF_INET).value());
  const SocketAddress unused = UniqueLoopback(1);
  CHECK(::connect(socket.get(), unused.raw(), unused.size()) == -1);
  REQUIRE(Ready(socket.get(), POLLOUT));
  CHECK(PendingError(socket.get()) == ECONNREFUSED);
  CHECK(PendingError(socket.get()) == 0);
  CHECK(PendingError(-1) == EBADF);
}

TEST_CASE("socket: a listener on port 0 gets a port") {
  for (const SocketAddress& address : {UniqueLoopback(), Address("::1")}) {
    const UniqueFd listener = Listening(address);
    const SocketAddress listening = LocalAddress(listener);
    CHECK(listening.port() != 0);
    CHECK(Connected(listening).valid());
  }
}

TEST_CASE("socket: only one listener may use a port, unless it is shared") {
  const UniqueFd alone = Listening();
  const auto again = OpenListener(LocalAddress(alone), 16, PortSharing::kNone);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().code == EADDRINUSE);

  const UniqueFd first(OpenListener(UniqueLoopback(), 16, PortSharing::kFirst).value());
  const auto second = OpenListener(LocalAddress(first), 16, PortSharing::kNext);
  REQUIRE(second.ok());
  const UniqueFd owner(second.value());
  const auto other = OpenListener(LocalAddress(first), 16, PortSharing::kFirst);
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().code == EADDRINUSE);
}

TEST_CASE("socket: a listener on an address of another host names the call") {
  const auto opened = OpenListener(Address("192.0.2.1", 80), 16, PortSharing::kNone);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == EADDRNOTAVAIL);
  CHECK(std::string(opened.error().syscall) == "bind");
}

TEST_CASE("socket: a listener whose option is refused names the call and leaves no socket open") {
  const std::vector<int> before = OpenDescriptors();
  const auto opened = OpenListener(UniqueLoopback(), 16, PortSharing::kNone, {MissingDevice()});
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == ENODEV);
  CHECK(std::string(opened.error().syscall) == "setsockopt");
  CHECK(OpenDescriptors() == before);
}

TEST_CASE("socket: accepted sockets inherit the options of the listener") {
  const UniqueFd listener(OpenListener(UniqueLoopback(), 16, PortSharing::kNone,
                                       {IntegerOption(AF_INET, SOL_SOCKET, SO_KEEPALIVE, 1)})
                              .value());
  const UniqueFd client = Connected(LocalAddress(listener));
  const UniqueFd accepted = Accepted(listener);
  REQUIRE(accepted.valid());
  CHECK(Option(accepted.get(), SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(Option(client.get(), SOL_SOCKET, SO_KEEPALIVE) == 0);
}

TEST_CASE("socket: an IPv6 listener leaves the port free for IPv4") {
  const UniqueFd six = Listening(Address("::"));
  const uint16_t port = LocalAddress(six).port();
  const UniqueFd four = Listening(UniqueLoopback(port));
  CHECK(four.valid());
}

TEST_CASE("socket: a listener at :: takes IPv4 as well where that is asked for, with its options") {
  const UniqueFd listener(OpenListener(Address("::"), 16, PortSharing::kNone,
                                       {IntegerOption(AF_INET, IPPROTO_IP, IP_TOS, 0x10),
                                        IntegerOption(AF_INET6, IPPROTO_IPV6, IPV6_TCLASS, 0x20)},
                                       Families::kBoth)
                              .value());
  const UniqueFd client = Connected(Address("127.0.0.1", LocalAddress(listener).port()));
  const UniqueFd accepted = Accepted(listener);
  REQUIRE(accepted.valid());
  CHECK(Option(accepted.get(), IPPROTO_IP, IP_TOS) == 0x10);
  CHECK(LocalAddress(accepted).Mapped() == LocalAddress(client).Mapped());
}

TEST_CASE("socket: signals of an eventfd add up and never block") {
  const UniqueFd event(OpenEventFd().value());
  uint64_t count = 0;
  CHECK(::read(event.get(), &count, sizeof(count)) == -1);
  CHECK(errno == EAGAIN);
  Signal(event.get());
  Signal(event.get());
  CHECK(::read(event.get(), &count, sizeof(count)) == sizeof(count));
  CHECK(count == 2);
  CHECK((::fcntl(event.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

}  // namespace c1m::test
