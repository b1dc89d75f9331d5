#include "native/engine/run/census_taker.h"

#include <array>
#include <optional>

#include "native/engine/measure/census.h"
#include "native/net/tcp_info.h"

namespace c1m {
namespace {

// Connections read between two polls for events: a fifth of a millisecond.
constexpr size_t kBatch = 128;

}  // namespace

bool CensusTaker::Step() {
  const CensusOrder& order = context_.run.census;
  const ConnectionStates& connections = context_.connections;
  const std::optional<SelfDial>& self_dial = context_.worker.self_dial;
  if (next_fd_ == 0) skip_ = order.offset;
  std::array<CensusRow, kBatch> rows;
  size_t count = 0;
  size_t info_bytes = 0;
  for (; next_fd_ < connections.end() && count < kBatch; ++next_fd_) {
    if (connections.state(next_fd_) != ConnectionState::kDialed) continue;
    if (skip_ > 0) {
      --skip_;
      continue;
    }
    skip_ = order.stride - 1;
    TcpInfo info;
    const size_t size = ReadTcpInfo(next_fd_, info);
    const auto source = SocketAddress::Local(next_fd_);
    if (size == 0 || !source) continue;
    info_bytes = size;
    rows[count] = CensusRow::From(info, *source);
    rows[count].probe_answers = ProbeAnswers(next_fd_);
    rows[count].syn_retries = static_cast<uint8_t>(connections.syn_retries(next_fd_));
    const uint32_t target = connections.tag(next_fd_);
    rows[count].target = self_dial ? self_dial->TargetNumber(target) : target;
    ++count;
  }
  order.sheet->Append({rows.data(), count}, info_bytes);
  if (next_fd_ < connections.end()) return false;
  Leave();
  return true;
}

uint8_t CensusTaker::ProbeAnswers(int fd) {
  const std::vector<Probed>& probed = context_.probed;
  while (next_probed_ < probed.size() && probed[next_probed_].fd < fd) ++next_probed_;
  const bool asked = next_probed_ < probed.size() && probed[next_probed_].fd == fd;
  return asked ? probed[next_probed_].answers : 0;
}

void CensusTaker::Leave() {
  next_fd_ = 0;
  next_probed_ = 0;
  seen_ = context_.run.census_number.load(std::memory_order_acquire);
}

}  // namespace c1m
