#include "native/engine/talk/end_cause.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>

#include "native/net/clock.h"

namespace c1m {
namespace {

// Every link carries packets of 576 bytes (RFC 791, 1122), so a message that fits into one with its
// headers is not lost because of its size.
constexpr uint64_t kSmallMessage = 500;

bool IsReset(int error) { return error == ECONNRESET || error == EPIPE || error == ECONNABORTED; }

// ICMP errors become the error of a socket only when the kernel stops retransmitting (tcp_write_err
// in net/ipv4/tcp_timer.c).
bool IsTimeout(int error) {
  return error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
}

// Bytes of data that were never acknowledged. After the end of a connection only the byte counters
// tell, because its queue is empty. The SYN counts as one acknowledged byte (tcp_snd_una_update). 0
// before Linux 4.19.
uint64_t UnacknowledgedBytes(const TcpInfo& info) {
  const uint64_t sent = info.bytes_sent - std::min(info.bytes_sent, info.bytes_retrans);
  const uint64_t acked = info.bytes_acked - std::min<uint64_t>(info.bytes_acked, 1);
  return sent - std::min(sent, acked);
}

uint32_t Resent(const Ending& ending, const TcpInfo& info) {
  return info.total_retrans - std::min(info.total_retrans, ending.syn_retries);
}

bool Unacknowledged(const TcpInfo& info) {
  return info.state == TCP_CLOSE ? UnacknowledgedBytes(info) > 0 : info.unacked > 0;
}

EndCause CauseOfLostData(const Ending& ending, const TcpInfo& info) {
  if (Resent(ending, info) == 0) return EndCause::kTooSoon;
  if (ending.answered_before) return EndCause::kSilenced;
  // The first segment is the SYN-ACK. If the peer acknowledges no data but sends further segments
  // without data, it repeats the SYN-ACK.
  const bool repeats = info.segs_in > 1 && info.data_segs_in == 0;
  if (repeats && info.bytes_acked <= 1 && info.sacked == 0) return EndCause::kHalfOpen;
  return ending.message_bytes > kSmallMessage ? EndCause::kOversized : EndCause::kUnacknowledged;
}

EndCause CauseOfSilence(const Ending& ending, const TcpInfo& info, size_t known) {
  if (Unacknowledged(info)) return CauseOfLostData(ending, info);
  // No segment is in flight, so only the peer's window can hold the data back.
  if (info.notsent_bytes > 0 || (!ending.all_sent && info.snd_wnd < info.snd_mss)) {
    return EndCause::kNotReading;
  }
  if (ending.awaits_close) return EndCause::kUnclosed;
  constexpr size_t kNeeded = offsetof(TcpInfo, rcv_ooopack) + sizeof(info.rcv_ooopack);
  if (!ending.answered_before && known >= kNeeded && info.rcv_ooopack > 0) {
    return EndCause::kAnswerLost;
  }
  return EndCause::kUnanswered;
}

EndCause CauseOf(const Ending& ending, const TcpInfo& info, size_t known) {
  const bool reset = IsReset(ending.error);
  if (ending.phase == Phase::kHold) {
    if (ending.error == 0) return EndCause::kHeldClosed;
    if (reset) return EndCause::kHeldReset;
    return IsTimeout(ending.error) ? EndCause::kHeldLost : EndCause::kOther;
  }
  if (ending.error == EBADMSG) return EndCause::kWrong;
  if (ending.error == ENODATA) return EndCause::kClosed;
  if (reset) {
    const bool unknown_there = ending.answered_before && UnacknowledgedBytes(info) > 0;
    return unknown_there ? EndCause::kCutOff : EndCause::kReset;
  }
  return IsTimeout(ending.error) ? CauseOfSilence(ending, info, known) : EndCause::kOther;
}

// How long no data had been sent or received. A FIN, unlike an RST, carries an ACK, which tells
// when the FIN arrived even if we notice it late.
int64_t QuietMs(const Ending& ending, const TcpInfo& info, EndCause cause) {
  const auto since_received = int64_t{info.last_data_recv_ms};
  if (cause == EndCause::kSilenced || cause == EndCause::kCutOff) {
    return std::max<int64_t>(0, since_received - ending.elapsed_ns / kNsPerMs);
  }
  const int64_t quiet = std::min(since_received, int64_t{info.last_data_sent_ms});
  const bool by_fin = info.state == TCP_CLOSE_WAIT;
  return std::max<int64_t>(0, by_fin ? quiet - int64_t{info.last_ack_recv_ms} : quiet);
}

}  // namespace

EarlyEnd DescribeEnd(const Ending& ending, const TcpInfo& info, size_t known) {
  const EndCause cause = CauseOf(ending, info, known);
  return {.cause = cause,
          .first = !ending.answered_before,
          .partial = ending.partial,
          .resent = Resent(ending, info),
          .quiet_ns = QuietMs(ending, info, cause) * kNsPerMs,
          .info = info};
}

}  // namespace c1m
