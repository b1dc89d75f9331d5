#include "native/engine/dial/stale_answer.h"

#include <doctest/doctest.h>
#include <netinet/tcp.h>

#include "native/net/clock.h"
#include "native/net/socket.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {
namespace {

constexpr int64_t kMs = kNsPerMs;

// As measured: SYN, stale ACK, repeated SYN after 12 ms, SYN-ACK, ACK.
TcpInfo MetOlderConnection() {
  TcpInfo info{};
  info.state = TCP_ESTABLISHED;
  info.total_retrans = 1;
  info.segs_out = 3;
  info.segs_in = 2;
  return info;
}

// SYN, repeated SYN after a second, SYN-ACK, ACK.
TcpInfo LostSyn() {
  TcpInfo info = MetOlderConnection();
  info.segs_in = 1;
  return info;
}

TcpInfo GivenUp(uint8_t state, uint32_t segs_in) {
  TcpInfo info{};
  info.state = state;
  info.total_retrans = 3;
  info.segs_out = 4;
  info.segs_in = segs_in;
  return info;
}

}  // namespace

TEST_CASE("stale_answer: a SYN that was answered and repeated at once met an older connection") {
  CHECK(WasAnsweredStale(MetOlderConnection(), 12 * kMs));
  CHECK(WasAnsweredStale(MetOlderConnection(), 999 * kMs));
}

TEST_CASE("stale_answer: after a lost SYN no segment arrives") {
  CHECK_FALSE(WasAnsweredStale(LostSyn(), 1016 * kMs));
  CHECK_FALSE(WasAnsweredStale(LostSyn(), 1600 * kMs));
}

TEST_CASE("stale_answer: data and the end of the stream do not count as answers to a SYN") {
  TcpInfo info = LostSyn();
  SUBCASE("data") {
    info.segs_in = 3;
    info.data_segs_in = 2;
  }
  SUBCASE("end") {
    info.state = TCP_CLOSE_WAIT;
    info.segs_in = 2;
  }
  SUBCASE("reset") {
    info.state = TCP_CLOSE;
    info.segs_in = 2;
  }
  CHECK_FALSE(WasAnsweredStale(info, 1016 * kMs));
}

TEST_CASE(
    "stale_answer: an answer slower than the timer is recognized by the segments that our side "
    "sent") {
  TcpInfo info = MetOlderConnection();
  CHECK(WasAnsweredStale(info, 2400 * kMs));
  // A SYN-ACK for each of two SYNs: our side has acknowledged both.
  info.segs_out = 4;
  CHECK_FALSE(WasAnsweredStale(info, 2400 * kMs));
  // Read so late that a second SYN-ACK may have arrived.
  info = MetOlderConnection();
  info.last_data_sent_ms = 900;
  CHECK_FALSE(WasAnsweredStale(info, 2400 * kMs));
}

TEST_CASE("stale_answer: a failed handshake was answered if a segment arrived") {
  CHECK(IsAnsweredStale(GivenUp(TCP_SYN_SENT, 3)));
  CHECK_FALSE(IsAnsweredStale(GivenUp(TCP_SYN_SENT, 0)));
  // The kernel has given up.
  CHECK(IsAnsweredStale(GivenUp(TCP_CLOSE, 3)));
  CHECK_FALSE(IsAnsweredStale(GivenUp(TCP_CLOSE, 0)));
}

TEST_CASE("stale_answer: a handshake that completed at the last moment was not answered stale") {
  CHECK_FALSE(IsAnsweredStale(GivenUp(TCP_ESTABLISHED, 1)));
  TcpInfo reset = GivenUp(TCP_CLOSE, 2);
  reset.bytes_acked = 1;
  CHECK_FALSE(IsAnsweredStale(reset));
}

TEST_CASE("stale_answer: an undisturbed handshake and an invalid descriptor have an empty trace") {
  const Pair pair = ConnectedPair();
  const HandshakeTrace trace = TraceHandshake(pair.ours.get(), 3 * kMs);
  CHECK(trace.syn_repeats == 0);
  CHECK_FALSE(trace.answered_stale);
  CHECK_FALSE(IsAnsweredStale(pair.ours.get()));
  CHECK_FALSE(IsAnsweredStale(-1));
  CHECK(TraceHandshake(-1, 3 * kMs).syn_repeats == 0);
}

}  // namespace c1m::test
