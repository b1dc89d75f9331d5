#include "native/engine/dial/stale_answer.h"

#include <netinet/tcp.h>

#include "native/net/clock.h"

namespace c1m {
namespace {

// TCP_TIMEOUT_INIT of include/net/tcp.h. No schedule of SYNs is faster than one each second.
constexpr int64_t kInitialTimeoutNs = kNsPerSecond;

// Once established, the first repeated SYN-ACK comes a second after the first one, when it was not
// held up together with it.
constexpr uint32_t kSoonMs = 500;

}  // namespace

HandshakeTrace TraceHandshake(int fd, int64_t latency_ns) {
  TcpInfo info;
  if (ReadTcpInfo(fd, info) == 0) return {};
  return {.syn_retransmits = info.total_retrans,
          .answered_stale = WasAnsweredStale(info, latency_ns)};
}

bool IsAnsweredStale(int fd) {
  TcpInfo info;
  return ReadTcpInfo(fd, info) != 0 && IsAnsweredStale(info);
}

bool WasAnsweredStale(const TcpInfo& info, int64_t latency_ns) {
  if (info.total_retrans == 0) return false;
  const uint32_t fins = info.state == TCP_CLOSE_WAIT ? 1 : 0;
  const uint32_t syn_acks = 1;
  if (info.segs_in <= info.data_segs_in + syn_acks + fins) return false;
  // More SYNs than the timer would have sent.
  if (info.total_retrans * kInitialTimeoutNs > latency_ns) return true;
  // The first answer may have come after the timer: then any other segment but a repeated SYN-ACK
  // tells. Our side acknowledges each of those.
  const uint32_t syns_and_ack = 1 + info.total_retrans + 1;
  return info.state == TCP_ESTABLISHED && info.last_data_sent_ms < kSoonMs &&
         info.segs_out <= info.data_segs_out + syns_and_ack;
}

bool IsAnsweredStale(const TcpInfo& info) {
  // The kernel has given up as well: TCP_CLOSE. What was acknowledged was established.
  const bool handshaking =
      info.state == TCP_SYN_SENT || (info.state == TCP_CLOSE && info.bytes_acked == 0);
  return handshaking && info.segs_in > 0;
}

}  // namespace c1m
