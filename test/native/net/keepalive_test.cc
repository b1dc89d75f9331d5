#include "native/net/keepalive.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "native/net/fd.h"
#include "native/net/socket.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {

TEST_CASE("keepalive: options that were set can be read and restored") {
  const Pair pair = ConnectedPair();
  const int fd = pair.ours.get();
  Keepalive before;
  REQUIRE(ReadKeepalive(fd, before));
  CHECK(before.on == 0);
  CHECK(before.idle_s > 1);
  REQUIRE(SetKeepalive(fd, kFastestKeepalive));
  Keepalive now;
  REQUIRE(ReadKeepalive(fd, now));
  CHECK(now.on == 1);
  CHECK(now.idle_s == 1);
  CHECK(now.interval_s == 1);
  CHECK(now.count == 127);
  REQUIRE(SetKeepalive(fd, before));
  REQUIRE(ReadKeepalive(fd, now));
  CHECK(now.on == 0);
  CHECK(now.idle_s == before.idle_s);
  CHECK(now.interval_s == before.interval_s);
  CHECK(now.count == before.count);
}

TEST_CASE("keepalive: a descriptor without a TCP socket has none") {
  const UniqueFd event(OpenEventFd().value());
  Keepalive keepalive;
  CHECK_FALSE(ReadKeepalive(event.get(), keepalive));
  CHECK_FALSE(SetKeepalive(event.get(), kFastestKeepalive));
}

}  // namespace c1m::test
