#include "native/engine/dial/stale_answer.h"

#include <doctest/doctest.h>
#include <netinet/tcp.h>

#include "native/net/clock.h"
#include "native/net/socket.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {
namespace {

constexpr int64_t kMs = kNsPerMs;

// As measured: SYN, stale ACK, SYN again after 12 ms, SYN-ACK, ACK.
TcpInfo MetOlderConnection() {
  TcpInfo info{};
  info.state = TCP_ESTABLISHED;
  info.total_retrans = 1;
  info.segs_out = 3;
  info.segs_in = 2;
  return info;
}

// SYN, SYN again after a second, SYN-ACK, ACK.
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

TEST_CASE("stale_answer: a SYN that was answered and sent again at once met an older connection") {
  CHECK(WasAnsweredStale(MetOlderConnection(), 12 * kMs));
  CHECK(WasAnsweredStale(MetOlderConnection(), 999 * kMs));
}

TEST_CASE("stale_answer: a lost SYN brings no segment") {
  CHECK_FALSE(WasAnsweredStale(LostSyn(), 1016 * kMs));
  CHECK_FALSE(WasAnsweredStale(LostSyn(), 1600 * kMs));
}

TEST_CASE("stale_answer: data and the end of the stream are no answers to a SYN") {
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

TEST_CASE("stale_answer: an answer slower than the timer is told by what our side sent") {
  TcpInfo info = MetOlderConnection();
  CHECK(WasAnsweredStale(info, 2400 * kMs));
  // A SYN-ACK to each of two SYNs: ours acknowledged both.
  info.segs_out = 4;
  CHECK_FALSE(WasAnsweredStale(info, 2400 * kMs));
  // Asked so late that a second SYN-ACK may have come.
  info = MetOlderConnection();
  info.last_data_sent_ms = 900;
  CHECK_FALSE(WasAnsweredStale(info, 2400 * kMs));
}

TEST_CASE("stale_answer: a handshake given up was answered when a segment came") {
  CHECK(IsAnsweredStale(GivenUp(TCP_SYN_SENT, 3)));
  CHECK_FALSE(IsAnsweredStale(GivenUp(TCP_SYN_SENT, 0)));
  // Given up by the kernel.
  CHECK(IsAnsweredStale(GivenUp(TCP_CLOSE, 3)));
  CHECK_FALSE(IsAnsweredStale(GivenUp(TCP_CLOSE, 0)));
}

TEST_CASE("stale_answer: a handshake that was established at the last moment was not given up") {
  CHECK_FALSE(IsAnsweredStale(GivenUp(TCP_ESTABLISHED, 1)));
  TcpInfo reset = GivenUp(TCP_CLOSE, 2);
  reset.bytes_acked = 1;
  CHECK_FALSE(IsAnsweredStale(reset));
}

TEST_CASE("stale_answer: an undisturbed handshake is read as such, and what is no socket as none") {
  const Pair pair = ConnectedPair();
  const HandshakeTrace trace = TraceHandshake(pair.ours.get(), 3 * kMs);
  CHECK(trace.syn_repeats == 0);
  CHECK_FALSE(trace.answered_stale);
  CHECK_FALSE(IsAnsweredStale(pair.ours.get()));
  CHECK_FALSE(IsAnsweredStale(-1));
  CHECK(TraceHandshake(-1, 3 * kMs).syn_repeats == 0);
}

}  // namespace c1m::test
