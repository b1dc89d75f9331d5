// TCP_INFO, independent of the kernel's version.
#pragma once

#include <cstddef>
#include <cstdint>

namespace c1m {

// struct tcp_info of linux/tcp.h without its prefix, as of Linux 6.7. The layout is part of the
// kernel's ABI and only grows at its end; system headers lag years behind. An older kernel fills
// fewer bytes: the other fields are 0 here, and ReadTcpInfo returns how many bytes it filled.
struct TcpInfo {
  uint8_t state;
  uint8_t ca_state;
  // Consecutive timeouts of the data in flight; back to 0 when it is acknowledged.
  uint8_t retransmits;
  // Consecutive unanswered probes: keepalive or window probes.
  uint8_t probes;
  uint8_t backoff;
  // A bit set of kTcpTimestamps, kTcpSack and so on.
  uint8_t options;
  // Two fields of four bits: the scale of the peer's window and of ours.
  uint8_t wscales;
  uint8_t delivery_flags;
  uint32_t rto_us;
  uint32_t ato_us;
  uint32_t snd_mss;
  uint32_t rcv_mss;
  // For a listening socket: the length of its accept queue here, and the backlog in `sacked`.
  uint32_t unacked;
  uint32_t sacked;
  uint32_t lost;
  uint32_t retrans;
  uint32_t fackets;
  uint32_t last_data_sent_ms;
  uint32_t last_ack_sent_ms;
  // Time since the last data; since the handshake if there was none.
  uint32_t last_data_recv_ms;
  uint32_t last_ack_recv_ms;
  uint32_t pmtu;
  uint32_t rcv_ssthresh;
  // Smoothed.
  uint32_t rtt_us;
  uint32_t rttvar_us;
  uint32_t snd_ssthresh;
  uint32_t snd_cwnd;
  uint32_t advmss;
  uint32_t reordering;
  uint32_t rcv_rtt_us;
  uint32_t rcv_space;
  // Retransmitted segments in the lifetime of the socket: SYN, data and FIN.
  uint32_t total_retrans;
  uint64_t pacing_rate;
  uint64_t max_pacing_rate;
  uint64_t bytes_acked;
  uint64_t bytes_received;
  uint32_t segs_out;
  uint32_t segs_in;
  uint32_t notsent_bytes;
  // kUnknownMinRtt until a round trip was measured.
  uint32_t min_rtt_us;
  uint32_t data_segs_in;
  uint32_t data_segs_out;
  // Bytes per second.
  uint64_t delivery_rate;
  uint64_t busy_time_us;
  uint64_t rwnd_limited_us;
  uint64_t sndbuf_limited_us;
  uint32_t delivered;
  uint32_t delivered_ce;
  uint64_t bytes_sent;
  uint64_t bytes_retrans;
  uint32_t dsack_dups;
  uint32_t reord_seen;
  uint32_t rcv_ooopack;
  uint32_t snd_wnd;
  uint32_t rcv_wnd;
  uint32_t rehash;
  // In the lifetime of the socket: timeouts, including those of SYNs; recoveries; and the total
  // time of these (Linux 6.7).
  uint16_t total_rto;
  uint16_t total_rto_recoveries;
  uint32_t total_rto_time_ms;

  [[nodiscard]] uint8_t snd_wscale() const;
  [[nodiscard]] uint8_t rcv_wscale() const;
};
static_assert(offsetof(TcpInfo, total_retrans) == 100 && offsetof(TcpInfo, min_rtt_us) == 148 &&
                  offsetof(TcpInfo, bytes_sent) == 200 && offsetof(TcpInfo, total_rto) == 240 &&
                  sizeof(TcpInfo) == 248,
              "the layout of linux/tcp.h");

// TCPI_OPT_* of linux/tcp.h.
inline constexpr uint8_t kTcpTimestamps = 1;
inline constexpr uint8_t kTcpSack = 2;
inline constexpr uint8_t kTcpWindowScaling = 4;

inline constexpr uint32_t kUnknownMinRtt = UINT32_MAX;

// Fills `info` and returns how many bytes came from the kernel; 0 if `fd` is not a TCP socket.
[[nodiscard]] size_t ReadTcpInfo(int fd, TcpInfo& info);

// Whether the peer of an established connection has sent anything since its SYN-ACK. A repeated
// SYN-ACK changes neither time: the kernel answers it before it processes it
// (tcp_validate_incoming).
[[nodiscard]] bool HeardSinceHandshake(const TcpInfo& info);

// The age at which a connection without data last heard from its peer.
[[nodiscard]] uint32_t LastHeardAgeMs(const TcpInfo& info);

// The number of SYN-ACK repeats due by this age from a peer that did not receive the last segment
// of the handshake: one after 1, 3, 7, 15, and 31 seconds, minus slack for its timers.
[[nodiscard]] uint32_t DueSynAckRepeats(uint32_t age_ms);
// The age at which repeat `number` is due.
[[nodiscard]] uint32_t SynAckRepeatMs(uint32_t number);
// The largest number of repeats that can have arrived by this age.
[[nodiscard]] uint32_t MostSynAckRepeats(uint32_t age_ms);

}  // namespace c1m
