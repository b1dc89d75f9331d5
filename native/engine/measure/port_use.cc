#include "native/engine/measure/port_use.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

#include "native/net/inet_diag.h"

namespace c1m {
namespace {

using Key = std::tuple<std::array<uint8_t, 16>, std::array<uint8_t, 16>, uint16_t>;

Key KeyOf(const DiagSocket& socket) {
  return {socket.local_address, socket.remote_address, socket.remote_port};
}

// FNV-1a, folded to 16 bits: the second walk separates pairs that share a bucket.
size_t BucketOf(const DiagSocket& socket) {
  uint32_t hash = 2166136261U;
  const auto add = [&hash](uint8_t byte) { hash = (hash ^ byte) * 16777619U; };
  for (const uint8_t byte : socket.local_address) add(byte);
  for (const uint8_t byte : socket.remote_address) add(byte);
  add(static_cast<uint8_t>(socket.remote_port));
  add(static_cast<uint8_t>(socket.remote_port >> 8));
  return (hash ^ (hash >> 16)) & UINT16_MAX;
}

// Excludes connections in SYN_RECV, which the peer initiated, and closed sockets, which may have no
// peer.
constexpr uint32_t kBegun = kAllStates & ~StateBit(TcpState::kListen) &
                            ~StateBit(TcpState::kSynRecv) & ~StateBit(TcpState::kClose);

DiagFilter Within(uint16_t first, uint16_t last) {
  return {.states = kBegun, .local = {{.first_port = first, .last_port = last}}};
}

}  // namespace

Result<std::vector<PortUse>> FindPortUse(EphemeralRange range, uint32_t least) {
  std::vector<uint32_t> buckets(UINT16_MAX + 1);
  const auto counted = VisitTcpSockets(Within(range.first, range.last),
                                       [&](const auto& socket) { ++buckets[BucketOf(socket)]; });
  if (!counted.ok()) return counted.error();
  const auto may_be = [&](const DiagSocket& socket) { return buckets[BucketOf(socket)] >= least; };
  if (std::none_of(buckets.begin(), buckets.end(), [&](uint32_t n) { return n >= least; })) {
    return std::vector<PortUse>{};
  }
  std::map<Key, PortUse> pairs;
  const auto told = VisitTcpSockets(Within(1, UINT16_MAX), [&](const DiagSocket& socket) {
    if (!may_be(socket)) return;
    PortUse& use = pairs[KeyOf(socket)];
    if (socket.local_port < range.first || socket.local_port > range.last) {
      ++use.outside;
    } else {
      ++(socket.state == TcpState::kTimeWait ? use.time_waits : use.others);
    }
  });
  if (!told.ok()) return told.error();
  std::vector<PortUse> found;
  for (auto& [key, use] : pairs) {
    if (use.time_waits + use.others < least) continue;
    std::tie(use.local_address, use.remote_address, use.remote_port) = key;
    found.push_back(use);
  }
  return found;
}

}  // namespace c1m
