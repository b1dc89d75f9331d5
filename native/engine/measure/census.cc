#include "native/engine/measure/census.h"

#include <algorithm>
#include <cstring>

namespace c1m {

CensusRow CensusRow::From(const TcpInfo& info, const SocketAddress& source) {
  CensusRow row;
  row.source_address = source.Mapped();
  row.source_port = source.port();
  row.bytes_received = static_cast<double>(info.bytes_received);
  row.bytes_sent = static_cast<double>(info.bytes_sent);
  row.delivery_rate = static_cast<double>(info.delivery_rate);
  row.rtt_us = info.rtt_us;
  row.rttvar_us = info.rttvar_us;
  row.min_rtt_us = info.min_rtt_us == kUnknownMinRtt ? 0 : info.min_rtt_us;
  row.total_retrans = info.total_retrans;
  row.unacked = info.unacked;
  row.notsent_bytes = info.notsent_bytes;
  row.segs_in = info.segs_in;
  row.segs_out = info.segs_out;
  row.snd_mss = info.snd_mss;
  row.snd_cwnd = info.snd_cwnd;
  row.last_data_recv_ms = info.last_data_recv_ms;
  row.last_ack_recv_ms = info.last_ack_recv_ms;
  row.total_rto_time_ms = info.total_rto_time_ms;
  row.total_rto = info.total_rto;
  row.state = info.state;
  row.options = info.options;
  row.snd_wscale = info.snd_wscale();
  row.rcv_wscale = info.rcv_wscale();
  return row;
}

void CensusSheet::Append(std::span<const CensusRow> rows, size_t info_bytes) {
  if (rows.empty()) return;
  info_bytes_.store(info_bytes, std::memory_order_relaxed);
  const size_t first = next_.fetch_add(rows.size(), std::memory_order_relaxed);
  const size_t count = first < capacity_ ? std::min(rows.size(), capacity_ - first) : 0;
  std::byte* base = memory_.data();
#define C1M_WRITE(type, column, label, bytes)                                      \
  for (size_t i = 0; i < count; ++i) {                                             \
    std::memcpy(base + (first + i) * sizeof(type), &rows[i].column, sizeof(type)); \
  }                                                                                \
  base += capacity_ * sizeof(type);
  C1M_CENSUS_COLUMNS(C1M_WRITE)
#undef C1M_WRITE
}

size_t CensusSheet::rows() const {
  return std::min(next_.load(std::memory_order_relaxed), capacity_);
}

size_t CensusSheet::missed() const { return next_.load(std::memory_order_relaxed) - rows(); }

}  // namespace c1m
