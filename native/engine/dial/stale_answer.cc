#include "native/engine/dial/stale_answer.h"

#include <netinet/tcp.h>

#include "native/net/clock.h"

namespace c1m {
namespace {

// TCP_TIMEOUT_INIT of include/net/tcp.h. The retransmission timer never sends SYNs at shorter
// intervals.
constexpr int64_t kInitialTimeoutNs = kNsPerSecond;

// After establishment, the first repeated SYN-ACK arrives a second after the first SYN-ACK, unless
// the network delayed both together.
constexpr uint32_t kSoonMs = 500;

// The kernel reads the state before it locks the socket and the rest afterward. A segment that
// arrives in between would seem to have arrived in the old state, so the state is read again.
bool ReadHandshake(int fd, TcpInfo& info) {
  TcpInfo after;
  if (ReadTcpInfo(fd, info) == 0 || ReadTcpInfo(fd, after) == 0) return false;
  info.state = after.state;
  return true;
}

}  // namespace

HandshakeTrace TraceHandshake(int fd, int64_t latency_ns) {
  TcpInfo info;
  if (ReadTcpInfo(fd, info) == 0) return {};
  HandshakeTrace trace{.syn_repeats = info.total_retrans, .answered_after_us = info.rtt_us};
  if (trace.syn_repeats > 0) {
    trace.answered_stale = ReadHandshake(fd, info) && WasAnsweredStale(info, latency_ns);
  }
  return trace;
}

bool IsAnsweredStale(int fd) {
  TcpInfo info;
  return ReadHandshake(fd, info) && IsAnsweredStale(info);
}

bool WasAnsweredStale(const TcpInfo& info, int64_t latency_ns) {
  const uint32_t syn_acks = 1;
  if (info.total_retrans == 0 || info.segs_in <= syn_acks) return false;
  // There were more SYNs than the timer can have sent.
  if (info.total_retrans * kInitialTimeoutNs > latency_ns) return true;
  // The first answer may have arrived after the timer fired. Then there was a stale answer if some
  // other segment arrived that is neither data, nor a FIN, nor a repeated SYN-ACK; our side would
  // have acknowledged each of those.
  const uint32_t syns_and_ack = 1 + info.total_retrans + 1;
  return info.state == TCP_ESTABLISHED && info.data_segs_in == 0 &&
         info.last_data_sent_ms < kSoonMs && info.segs_out <= info.data_segs_out + syns_and_ack;
}

bool IsAnsweredStale(const TcpInfo& info) {
  // The state is TCP_CLOSE if the kernel has given up too. A connection with acknowledged bytes was
  // established.
  const bool handshaking = info.state == TCP_SYN_SENT || info.state == TCP_CLOSE;
  return handshaking && info.segs_in > 0 && info.bytes_acked == 0;
}

}  // namespace c1m
