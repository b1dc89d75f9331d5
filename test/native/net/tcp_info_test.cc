#include "native/net/tcp_info.h"

#include <doctest/doctest.h>

#include "native/net/socket.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {

TEST_CASE("tcp_info: an undisturbed handshake repeated nothing and measured a round trip") {
  const Pair pair = ConnectedPair();
  const auto handshake = ReadHandshake(pair.ours.get());
  REQUIRE(handshake.has_value());
  CHECK(handshake->syn_repeats == 0);
  CHECK(handshake->answered_after_us > 0);
  TcpInfo info;
  REQUIRE(ReadTcpInfo(pair.ours.get(), info) > 0);
  CHECK(info.total_retrans == 0);
  CHECK(info.rtt_us > 0);
  CHECK(info.rtt_us < 1'000'000);
}

TEST_CASE("tcp_info: what is no TCP socket has none") {
  CHECK_FALSE(ReadHandshake(-1).has_value());
  const UniqueFd event(OpenEventFd().value());
  CHECK_FALSE(ReadHandshake(event.get()).has_value());
}

}  // namespace c1m::test
