// The TCP sockets of this network namespace, whoever owns them, through NETLINK_SOCK_DIAG
// (sock_diag(7)). Needs no privilege. The kernel walks its whole hash table for a dump, about 0.1 s
// for 200,000 sockets, whatever the filter; the filter saves what is copied.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "native/net/address.h"
#include "native/net/result.h"
#include "native/net/tcp_info.h"

namespace c1m {

// TCP states by number, include/net/tcp_states.h.
enum class TcpState : uint8_t {
  kEstablished = 1,
  kSynSent,
  kSynRecv,
  kFinWait1,
  kFinWait2,
  kTimeWait,
  kClose,
  kCloseWait,
  kLastAck,
  kListen,
  kClosing,
};
inline constexpr size_t kTcpStates = 12;

constexpr uint32_t StateBit(TcpState state) { return 1U << static_cast<uint32_t>(state); }
inline constexpr uint32_t kAllStates = (1U << kTcpStates) - 2;

// Sockets whose local end is one of these ports, at this address or at any.
struct LocalEndpoint {
  // Its port is ignored.
  std::optional<SocketAddress> address = std::nullopt;
  uint16_t first_port = 0;
  uint16_t last_port = UINT16_MAX;
};

struct DiagFilter {
  uint32_t states = kAllStates;
  // Any of them; empty: all sockets.
  std::vector<LocalEndpoint> local;
  // Whether TCP_INFO is wanted, which halves the speed.
  bool info = false;
  // Whether the memory of sockets is wanted (SK_MEMINFO), which has their drops.
  bool memory = false;
};

// At most so many endpoints fit into one request: jumps in its bytecode are 16 bits wide.
inline constexpr size_t kMaxLocalEndpoints = 1000;

// One socket; valid only while its visitor runs.
struct DiagSocket {
  TcpState state = TcpState::kClose;
  // IPv4 mapped into IPv6, as SocketAddress::Mapped gives it.
  std::array<uint8_t, 16> local_address{};
  std::array<uint8_t, 16> remote_address{};
  uint16_t local_port = 0;
  uint16_t remote_port = 0;
  // Retransmits of what is under way; of a connection in SYN_RECV: of its SYN-ACK.
  uint8_t retransmits = 0;
  // Whether it asks again and again for room at a peer whose window is closed.
  bool probes_window = false;
  // Bytes the owner has not read and the peer has not acknowledged; of a listening socket: the
  // connections that wait to be accepted, and the backlog.
  uint32_t receive_queue = 0;
  uint32_t send_queue = 0;
  uint32_t uid = 0;
  // 0 when no process owns it: it waits to be accepted, or was closed.
  uint32_t inode = 0;
  // Names this socket and no other as long as the host runs.
  uint64_t cookie = 0;
  // sk_drops: of a listening socket the SYNs and final ACKs it dropped, each of which ListenDrops
  // counts as well (tcp_listendrop). Nothing when not asked for.
  std::optional<uint32_t> drops = std::nullopt;
  // Null when not asked for, and for sockets without one: SYN_RECV and TIME_WAIT.
  const TcpInfo* info = nullptr;
};

// Visits every socket the filter lets through; how many those were, or why there could be none:
// {ENOENT, "tcp_diag"} where the kernel was built without it.
Result<uint64_t> VisitTcpSockets(const DiagFilter& filter,
                                 const std::function<void(const DiagSocket&)>& visit);

// The filter as the kernel runs it over each socket: INET_DIAG_REQ_BYTECODE. Empty for no endpoint.
std::vector<uint8_t> FilterBytecode(const std::vector<LocalEndpoint>& local);

}  // namespace c1m
