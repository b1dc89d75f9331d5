#include "native/net/tcp_info.h"

#include <doctest/doctest.h>

#include "native/net/socket.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {
namespace {

// TCP_INFO of a connection whose last data and ACK arrived this long ago.
TcpInfo Heard(uint32_t data_ms, uint32_t ack_ms) {
  TcpInfo info{};
  info.last_data_recv_ms = data_ms;
  info.last_ack_recv_ms = ack_ms;
  return info;
}

}  // namespace

TEST_CASE("tcp_info: an undisturbed handshake has no retransmits and has measured a round trip") {
  const Pair pair = ConnectedPair();
  TcpInfo info;
  REQUIRE(ReadTcpInfo(pair.ours.get(), info) > 0);
  CHECK(info.total_retrans == 0);
  CHECK(info.rtt_us > 0);
  CHECK(info.rtt_us < 1'000'000);
}

TEST_CASE("tcp_info: a descriptor without a TCP socket has none") {
  TcpInfo info;
  CHECK(ReadTcpInfo(-1, info) == 0);
  const UniqueFd event(OpenEventFd().value());
  CHECK(ReadTcpInfo(event.get(), info) == 0);
}

TEST_CASE(
    "tcp_info: a peer was heard after the handshake if it has acknowledged or sent data or a "
    "probe") {
  const Pair pair = ConnectedPair();
  TcpInfo info;
  REQUIRE(ReadTcpInfo(pair.ours.get(), info) > 0);
  CHECK_FALSE(HeardSinceHandshake(info));
  REQUIRE(SendAll(pair.theirs, "hello"));
  REQUIRE(Receive(pair.ours, 5) == "hello");
  REQUIRE(ReadTcpInfo(pair.ours.get(), info) > 0);
  CHECK(HeardSinceHandshake(info));
  CHECK(HeardSinceHandshake(Heard(3000, 1900)));
  CHECK(LastHeardAgeMs(Heard(3000, 1900)) == 1100);
  CHECK_FALSE(HeardSinceHandshake(Heard(3000, 3000)));
}

TEST_CASE("tcp_info: SYN-ACKs are repeated after 1, 3, 7, 15, and 31 seconds") {
  CHECK(SynAckRepeatMs(1) == 1000);
  CHECK(SynAckRepeatMs(3) == 7000);
  CHECK(DueSynAckRepeats(0) == 0);
  CHECK(DueSynAckRepeats(1100) == 0);
  CHECK(MostSynAckRepeats(900) == 1);
  CHECK(DueSynAckRepeats(1500) == 1);
  CHECK(DueSynAckRepeats(3100) == 1);
  CHECK(DueSynAckRepeats(3500) == 2);
  CHECK(MostSynAckRepeats(3500) == 2);
  CHECK(DueSynAckRepeats(8000) == 3);
  CHECK(DueSynAckRepeats(16'500) == 4);
  CHECK(DueSynAckRepeats(33'000) == 5);
  CHECK(DueSynAckRepeats(1'000'000) == 5);
  CHECK(DueSynAckRepeats(UINT32_MAX) == 5);
}

}  // namespace c1m::test
