#include "native/net/tcp_info.h"

#include <doctest/doctest.h>

#include "native/net/socket.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {

TEST_CASE("tcp_info: an undisturbed handshake repeated nothing and measured a round trip") {
  const Pair pair = ConnectedPair();
  TcpInfo info;
  REQUIRE(ReadTcpInfo(pair.ours.get(), info) > 0);
  CHECK(info.total_retrans == 0);
  CHECK(info.rtt_us > 0);
  CHECK(info.rtt_us < 1'000'000);
}

TEST_CASE("tcp_info: what is no TCP socket has none") {
  TcpInfo info;
  CHECK(ReadTcpInfo(-1, info) == 0);
  const UniqueFd event(OpenEventFd().value());
  CHECK(ReadTcpInfo(event.get(), info) == 0);
}

}  // namespace c1m::test
