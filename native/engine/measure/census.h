// TCP_INFO of many connections in columns: one array per field, no object per connection.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "native/engine/measure/proof.h"
#include "native/net/address.h"
#include "native/net/tcp_info.h"

namespace c1m {

// An IPv6 address, or an IPv4 one mapped into it (::ffff:a.b.c.d).
using AddressBytes = std::array<uint8_t, 16>;

// X(type, column, name in JavaScript, bytes of TcpInfo that it needs: 0 for other sources). Wide
// types come first, so that every column is aligned when the columns are stored one after another.
#define C1M_CENSUS_COLUMNS(X)                                                       \
  X(AddressBytes, source_address, "sourceAddress", 0)                               \
  X(double, bytes_received, "bytesReceived", C1M_END(bytes_received))               \
  X(double, bytes_sent, "bytesSent", C1M_END(bytes_sent))                           \
  X(double, delivery_rate, "deliveryBytesPerSecond", C1M_END(delivery_rate))        \
  X(uint32_t, target, "targetIndex", 0)                                             \
  X(uint32_t, rtt_us, "rttUs", C1M_END(rtt_us))                                     \
  X(uint32_t, rttvar_us, "rttVarUs", C1M_END(rttvar_us))                            \
  X(uint32_t, min_rtt_us, "minRttUs", C1M_END(min_rtt_us))                          \
  X(uint32_t, total_retrans, "totalRetransmits", C1M_END(total_retrans))            \
  X(uint32_t, unacked, "unacked", C1M_END(unacked))                                 \
  X(uint32_t, notsent_bytes, "notSentBytes", C1M_END(notsent_bytes))                \
  X(uint32_t, segs_in, "segsIn", C1M_END(segs_in))                                  \
  X(uint32_t, segs_out, "segsOut", C1M_END(segs_out))                               \
  X(uint32_t, snd_mss, "sndMss", C1M_END(snd_mss))                                  \
  X(uint32_t, snd_cwnd, "sndCwnd", C1M_END(snd_cwnd))                               \
  X(uint32_t, last_data_recv_ms, "sinceDataReceivedMs", C1M_END(last_data_recv_ms)) \
  X(uint32_t, last_ack_recv_ms, "sinceAckReceivedMs", C1M_END(last_ack_recv_ms))    \
  X(uint32_t, total_rto_time_ms, "totalRtoTimeMs", C1M_END(total_rto_time_ms))      \
  X(uint16_t, total_rto, "totalRto", C1M_END(total_rto))                            \
  X(uint16_t, source_port, "sourcePort", 0)                                         \
  X(uint8_t, syn_retries, "synRetries", 0)                                          \
  X(uint8_t, probe_answers, "probeAnswers", 0)                                      \
  X(uint8_t, state, "state", C1M_END(state))                                        \
  X(uint8_t, options, "options", C1M_END(options))                                  \
  X(uint8_t, snd_wscale, "sndWscale", C1M_END(wscales))                             \
  X(uint8_t, rcv_wscale, "rcvWscale", C1M_END(wscales))

#define C1M_END(field) (offsetof(TcpInfo, field) + sizeof(TcpInfo::field))

// One connection. Fields that the kernel does not report are 0.
struct CensusRow {
#define C1M_FIELD(type, column, label, bytes) type column{};
  C1M_CENSUS_COLUMNS(C1M_FIELD)
#undef C1M_FIELD

  // Fills all fields but `target`, `syn_retries` and `probe_answers`.
  static CensusRow From(const TcpInfo& info, const SocketAddress& source);
};

// The memory of a census: all columns, one after another, with room for `capacity` connections. Any
// thread may append. Readers must wait until all threads have finished, and the memory must stay
// valid until then.
class CensusSheet {
 public:
  // `memory` holds at least BytesFor(capacity) and is aligned for a double.
  CensusSheet(std::span<std::byte> memory, size_t capacity)
      : memory_(memory), capacity_(capacity) {}

  static constexpr size_t BytesFor(size_t capacity) { return kRowBytes * capacity; }
  struct Column {
    const char* name;
    // Bytes per value; 16: an address, 8: a double.
    size_t bytes;
    // Bytes of struct tcp_info that the kernel must return for the column to be valid.
    size_t info_bytes;
  };

  // Adds connections; those beyond the capacity are only counted. `info_bytes`: the size of
  // TCP_INFO that the kernel returned.
  void Append(std::span<const CensusRow> rows, size_t info_bytes);

  [[nodiscard]] size_t capacity() const { return capacity_; }
  // The number of connections in the columns, and of those for which there was no room.
  [[nodiscard]] size_t rows() const;
  [[nodiscard]] size_t missed() const;
  // The size of struct tcp_info on this kernel; 0 if no connection was read.
  [[nodiscard]] size_t info_bytes() const { return info_bytes_.load(std::memory_order_relaxed); }

#define C1M_SUM(type, column, label, bytes) +sizeof(type)
  static constexpr size_t kRowBytes = 0 C1M_CENSUS_COLUMNS(C1M_SUM);
#undef C1M_SUM

 private:
  const std::span<std::byte> memory_;
  const size_t capacity_;
  std::atomic<size_t> next_{0};
  std::atomic<size_t> info_bytes_{0};
};

// The request for a census.
struct CensusOrder {
  // Null if this is a step of a proof.
  CensusSheet* sheet = nullptr;
  // Every nth connection of a table, starting with the one at `offset`; 1: all.
  uint32_t stride = 1;
  uint32_t offset = 0;
  ProofOrder proof = {};
};

inline constexpr CensusSheet::Column kCensusColumns[] = {
#define C1M_COLUMN(type, column, label, bytes) {label, sizeof(type), bytes},
    C1M_CENSUS_COLUMNS(C1M_COLUMN)
#undef C1M_COLUMN
};

}  // namespace c1m
