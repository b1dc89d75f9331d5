#include "native/net/icmp_error.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>

#include "native/net/fd.h"
#include "native/net/socket.h"
#include "test/native/helpers/eventually.h"
#include "test/native/helpers/loopback.h"

namespace c1m::test {
namespace {

// A datagram to an unused port, which is rejected by ICMP.
UniqueFd Rejected(const SocketAddress& target) {
  UniqueFd socket(::socket(target.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (target.family() == AF_INET6) {
    KeepIcmpErrors(socket.get(), true);
  } else {
    ::setsockopt(socket.get(), IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
  }
  CHECK(::connect(socket.get(), target.raw(), target.size()) == 0);
  CHECK(::send(socket.get(), "x", 1, 0) == 1);
  return socket;
}

}  // namespace

TEST_CASE("icmp_error: it names the sender, the type and the code") {
  const UniqueFd v4 = Rejected(UniqueLoopback(9));
  std::optional<IcmpError> error;
  REQUIRE(Eventually([&] { return (error = TakeIcmpError(v4.get())).has_value(); }));
  CHECK(error->family == AF_INET);
  CHECK(error->from.starts_with("127."));
  CHECK(error->type == 3);
  CHECK(error->code == 3);
  CHECK_FALSE(TakeIcmpError(v4.get()));
}

TEST_CASE("icmp_error: it names them for IPv6") {
  const UniqueFd v6 = Rejected(SocketAddress::Parse("::1", 9).value());
  std::optional<IcmpError> error;
  REQUIRE(Eventually([&] { return (error = TakeIcmpError(v6.get())).has_value(); }));
  CHECK(*error == IcmpError{.from = "::1", .family = AF_INET6, .type = 1, .code = 4});
}

TEST_CASE("icmp_error: a socket that is no longer watched has none") {
  const UniqueFd v6 = Rejected(SocketAddress::Parse("::1", 9).value());
  REQUIRE(Eventually([&] { return PendingError(v6.get()) == ECONNREFUSED; }));
  KeepIcmpErrors(v6.get(), false);
  CHECK_FALSE(TakeIcmpError(v6.get()));
}

TEST_CASE("icmp_error: there is none without ICMP, or without a socket") {
  const UniqueFd idle(OpenStream(AF_INET).value());
  CHECK_FALSE(TakeIcmpError(idle.get()));
  CHECK_FALSE(TakeIcmpError(-1));
}

}  // namespace c1m::test
