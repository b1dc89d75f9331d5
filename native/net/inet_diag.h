// Lists the TCP sockets of this network namespace, of all owners, through NETLINK_SOCK_DIAG
// (sock_diag(7)), which needs no privilege. For each dump the kernel walks its whole hash table,
// about 0.1 s for 200,000 sockets; a filter only reduces what is copied.
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

// Sockets with a local port in this range, at this address or, without one, at any.
struct LocalEndpoint {
  // Its port is ignored.
  std::optional<SocketAddress> address = std::nullopt;
  uint16_t first_port = 0;
  uint16_t last_port = UINT16_MAX;
};

struct DiagFilter {
  uint32_t states = kAllStates;
  // Sockets that match any of these; empty: all sockets.
  std::vector<LocalEndpoint> local;
  // Whether to ask for TCP_INFO, which halves the speed.
  bool info = false;
  // Whether to ask for SK_MEMINFO, which includes the socket's drops.
  bool memory = false;
};

// A request holds at most this many endpoints, because jumps in its bytecode are 16 bits wide.
inline constexpr size_t kMaxLocalEndpoints = 1000;

// One socket; valid only while its visitor runs.
struct DiagSocket {
  TcpState state = TcpState::kClose;
  // IPv4 is mapped into IPv6, as by SocketAddress::Mapped.
  std::array<uint8_t, 16> local_address{};
  std::array<uint8_t, 16> remote_address{};
  uint16_t local_port = 0;
  uint16_t remote_port = 0;
  // Retransmits of the data in flight; for a connection in SYN_RECV, of its SYN-ACK.
  uint8_t retransmits = 0;
  // Whether it probes a peer whose receive window is closed.
  bool probes_window = false;
  // Bytes that the owner has not read and that the peer has not acknowledged. For a listening
  // socket: the length of its accept queue, and the backlog.
  uint32_t receive_queue = 0;
  uint32_t send_queue = 0;
  uint32_t uid = 0;
  // 0 if no process owns the socket: it waits to be accepted or was closed.
  uint32_t inode = 0;
  // Unique among all sockets until the host reboots.
  uint64_t cookie = 0;
  // sk_drops. For a listening socket: the SYNs and final ACKs it dropped, each of which ListenDrops
  // counts too (tcp_listendrop). nullopt if not asked for.
  std::optional<uint32_t> drops = std::nullopt;
  // Null if not asked for, and for sockets that have none: SYN_RECV and TIME_WAIT.
  const TcpInfo* info = nullptr;
};

// Calls `visit` for every socket that passes the filter and returns their number. Fails with
// {ENOENT, "tcp_diag"} if the kernel was built without it.
Result<uint64_t> VisitTcpSockets(const DiagFilter& filter,
                                 const std::function<void(const DiagSocket&)>& visit);

// The program that the kernel runs on each socket: INET_DIAG_REQ_BYTECODE. Empty without endpoints.
std::vector<uint8_t> FilterBytecode(const std::vector<LocalEndpoint>& local);

}  // namespace c1m
