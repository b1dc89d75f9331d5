// TCP_INFO, read whatever the kernel's age.
#pragma once

#include <cstddef>
#include <cstdint>

namespace c1m {

// struct tcp_info of linux/tcp.h without its prefix, up to where Linux 6.7 left it. The layout is
// part of the kernel's interface and only ever grows at its end; system headers lag years behind.
// An older kernel fills less: what it doesn't know is 0 here, and `size` of the reader tells it
// apart.
struct TcpInfo {
  uint8_t state;
  uint8_t ca_state;
  // Timeouts in a row of what is under way; back to 0 when it is acknowledged.
  uint8_t retransmits;
  // Probes in a row that are unanswered: keepalive, or of a closed window.
  uint8_t probes;
  uint8_t backoff;
  // Bits of kTcpTimestamps and the like.
  uint8_t options;
  // Two fields of four bits: the scale of the window we may send into, and of ours.
  uint8_t wscales;
  uint8_t delivery_flags;
  uint32_t rto_us;
  uint32_t ato_us;
  uint32_t snd_mss;
  uint32_t rcv_mss;
  // On a listening socket: connections waiting to be accepted, and below it the backlog.
  uint32_t unacked;
  uint32_t sacked;
  uint32_t lost;
  uint32_t retrans;
  uint32_t fackets;
  uint32_t last_data_sent_ms;
  uint32_t last_ack_sent_ms;
  // Since data came last; since the handshake when none has come.
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
  // Segments sent again in the socket's life: SYN, data and FIN alike.
  uint32_t total_retrans;
  uint64_t pacing_rate;
  uint64_t max_pacing_rate;
  uint64_t bytes_acked;
  uint64_t bytes_received;
  uint32_t segs_out;
  uint32_t segs_in;
  uint32_t notsent_bytes;
  // kUnknownMinRtt as long as nothing was measured.
  uint32_t min_rtt_us;
  uint32_t data_segs_in;
  uint32_t data_segs_out;
  // Bytes a second.
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
  // Timeouts in the socket's life, those of SYNs among them; how often it recovered; and how long
  // that took in all (Linux 6.7).
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

// Fills `info` and returns how many of its bytes come from the kernel; 0 when `fd` is no TCP
// socket.
[[nodiscard]] size_t ReadTcpInfo(int fd, TcpInfo& info);

// Whether the peer of an established connection was heard after the SYN-ACK. A SYN-ACK that comes
// again moves neither time: it is answered before anything of it is taken (tcp_validate_incoming).
[[nodiscard]] bool HeardSinceHandshake(const TcpInfo& info);

// Age of a connection that has had no data when its peer was heard last.
[[nodiscard]] uint32_t LastHeardAgeMs(const TcpInfo& info);

// How often a peer that has not had the last segment of a handshake has sent its SYN-ACK again by
// now: 1, 3, 7, 15, and 31 seconds after the first one, less some slack for its timers.
[[nodiscard]] uint32_t DueSynAckRepeats(uint32_t age_ms);
// When the n-th of them comes.
[[nodiscard]] uint32_t SynAckRepeatMs(uint32_t number);
// How many may have come by then, at most.
[[nodiscard]] uint32_t MostSynAckRepeats(uint32_t age_ms);

}  // namespace c1m
