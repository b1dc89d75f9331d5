#include "native/engine/measure/socket_survey.h"

#include <algorithm>

#include "native/net/clock.h"

namespace c1m {
namespace {

bool IsAny(const std::array<uint8_t, 16>& address) {
  // 0.0.0.0 is mapped into IPv6.
  return std::all_of(address.begin(), address.begin() + 10,
                     [](uint8_t byte) { return byte == 0; }) &&
         std::all_of(address.begin() + 12, address.end(), [](uint8_t byte) { return byte == 0; });
}

bool Covers(const DiagSocket& listener, const LocalEndpoint& endpoint) {
  if (listener.local_port < endpoint.first_port || listener.local_port > endpoint.last_port) {
    return false;
  }
  return !endpoint.address || IsAny(listener.local_address) ||
         listener.local_address == endpoint.address->Mapped();
}

// Bytes that the owner has not read. The peer's FIN counts as one byte until the owner has read the
// end (tcp_diag_get_info, tcp_recvmsg_locked); it is subtracted here.
uint32_t UnreadBytes(const DiagSocket& socket) {
  const bool ended = socket.state == TcpState::kCloseWait || socket.state == TcpState::kLastAck ||
                     socket.state == TcpState::kClosing;
  return ended && socket.receive_queue > 0 ? socket.receive_queue - 1 : socket.receive_queue;
}

}  // namespace

std::optional<SysError> SocketSurvey::Take(const SurveyOptions& options) {
  place_of_port_.assign(UINT16_MAX + 1, 0);
  // Filters by port only, because a listener on the wildcard address would not pass an address
  // filter.
  std::vector<LocalEndpoint> ports = options.local;
  for (LocalEndpoint& endpoint : ports) endpoint.address.reset();
  const auto listening = VisitTcpSockets(
      {.states = StateBit(TcpState::kListen), .local = std::move(ports), .memory = true},
      [&](const DiagSocket& socket) { AddListener(socket, options); });
  if (!listening.ok()) return listening.error();
  if (options.listeners_only) return std::nullopt;
  const auto others = VisitTcpSockets(
      {.states = kAllStates & ~StateBit(TcpState::kListen), .local = options.local, .info = true},
      [&](const DiagSocket& socket) { AddSocket(socket); });
  if (!others.ok()) return others.error();
  return std::nullopt;
}

void SocketSurvey::AddListener(const DiagSocket& socket, const SurveyOptions& options) {
  const bool wanted = options.local.empty() ||
                      std::any_of(options.local.begin(), options.local.end(),
                                  [&](const auto& endpoint) { return Covers(socket, endpoint); });
  if (!wanted) return;
  listeners_.push_back({.address = socket.local_address,
                        .port = socket.local_port,
                        .queued = socket.receive_queue,
                        .backlog = socket.send_queue,
                        .uid = socket.uid,
                        .inode = socket.inode,
                        .drops = socket.drops});
  uint32_t& place = place_of_port_[socket.local_port];
  if (place != 0) return;
  ports_.push_back({});
  ports_.back().port = socket.local_port;
  place = static_cast<uint32_t>(ports_.size());
}

void SocketSurvey::AddSocket(const DiagSocket& socket) {
  const auto state = static_cast<size_t>(socket.state);
  if (state >= kTcpStates) return;
  ++states_[state];
  const uint32_t unread = UnreadBytes(socket);
  if (const uint32_t place = place_of_port_[socket.local_port]; place != 0) {
    Port& port = ports_[place - 1];
    ++port.states[state];
    if (socket.state == TcpState::kSynRecv) port.syn_ack_retransmits += socket.retransmits;
    if (socket.info != nullptr) AddServed(socket, unread, port);
  }
  if (socket.info == nullptr) return;
  const TcpInfo& info = *socket.info;
  ++figures_.sockets;
  figures_.retransmits += info.total_retrans;
  figures_.with_retransmit += info.total_retrans > 0 ? 1 : 0;
  figures_.in_timeout += info.retransmits > 0 ? 1 : 0;
  figures_.unread += unread > 0 ? 1 : 0;
  figures_.unread_bytes += unread;
  figures_.unacknowledged += socket.send_queue > 0 ? 1 : 0;
  figures_.unacknowledged_bytes += socket.send_queue;
  if (info.rtt_us > 0) round_trips_.Record(int64_t{info.rtt_us} * kNsPerUs);
  // Options are not negotiated until the peer has answered.
  if (socket.state == TcpState::kSynSent) return;
  figures_.without_window_scaling += (info.options & kTcpWindowScaling) == 0 ? 1 : 0;
  figures_.without_sack += (info.options & kTcpSack) == 0 ? 1 : 0;
  figures_.without_timestamps += (info.options & kTcpTimestamps) == 0 ? 1 : 0;
}

void SocketSurvey::AddServed(const DiagSocket& socket, uint32_t unread, Port& port) {
  const TcpInfo& info = *socket.info;
  if (unread > 0 && info.last_data_recv_ms >= kUnreadMs && unread_.size() < kMostUnread) {
    unread_.push_back({.cookie = socket.cookie,
                       .port = socket.local_port,
                       .inode = socket.inode,
                       .bytes = unread,
                       .read = info.bytes_received - socket.receive_queue});
  }
  if (socket.inode == 0) {
    // An ACK arrived no earlier than the handshake. A socket that was closed has no inode either.
    const bool waits =
        socket.state == TcpState::kEstablished || socket.state == TcpState::kCloseWait;
    if (waits) port.longest_wait_ms = std::max(port.longest_wait_ms, info.last_ack_recv_ms);
    return;
  }
  ++port.accepted;
  if (socket.probes_window && socket.send_queue > 0 && info.snd_wnd < info.snd_mss &&
      info.last_data_sent_ms >= kQuietMs) {
    ++port.window_closed;
  }
  if (info.retransmits >= kTimeouts && info.unacked > 0) ++port.unanswered;
  if (socket.state != TcpState::kCloseWait) return;
  ++port.close_wait;
  // Every segment of the peer, including its FIN, carries an ACK.
  if (info.last_ack_recv_ms < kQuietMs) return;
  ++port.quiet_close_wait;
  if (socket.receive_queue > 0) ++port.quiet_close_wait_unread;
  if (quiet_inodes_.size() < kMostQuiet) quiet_inodes_.push_back(socket.inode);
}

}  // namespace c1m
