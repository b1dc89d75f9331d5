#include "native/net/inet_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "native/net/fd.h"

namespace c1m {
namespace {

// The kernel fills at most 32 KiB at a time (netlink_dump).
constexpr size_t kBufferBytes = size_t{64} * 1024;

std::array<uint8_t, 16> Mapped(uint8_t family, const uint32_t (&address)[4]) {
  std::array<uint8_t, 16> bytes{};
  if (family == AF_INET6) {
    std::memcpy(bytes.data(), address, bytes.size());
  } else {
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, address, 4);
  }
  return bytes;
}

Result<UniqueFd> SendRequest(const DiagFilter& filter) {
  UniqueFd socket(AboveStdio(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)));
  if (!socket.valid()) return LastError("socket");
  // The older of the two requests, because only it covers both families in one walk over the hash
  // table.
  struct {
    nlmsghdr header;
    inet_diag_req body;
  } request{};
  std::vector<uint8_t> bytecode = FilterBytecode(filter.local);
  rtattr attribute{};
  attribute.rta_type = INET_DIAG_REQ_BYTECODE;
  attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(bytecode.size()));
  request.header.nlmsg_type = TCPDIAG_GETSOCK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.idiag_family = AF_UNSPEC;
  request.body.idiag_states = filter.states;
  if (filter.info) request.body.idiag_ext |= 1 << (INET_DIAG_INFO - 1);
  if (filter.memory) request.body.idiag_ext |= 1 << (INET_DIAG_SKMEMINFO - 1);

  iovec parts[] = {{&request, sizeof(request)},
                   {&attribute, sizeof(attribute)},
                   {bytecode.data(), bytecode.size()}};
  msghdr message{};
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  message.msg_name = &kernel;
  message.msg_namelen = sizeof(kernel);
  message.msg_iov = parts;
  message.msg_iovlen = bytecode.empty() ? 1 : 3;
  request.header.nlmsg_len = static_cast<uint32_t>(
      sizeof(request) + (bytecode.empty() ? 0 : sizeof(attribute) + bytecode.size()));
  if (::sendmsg(socket.get(), &message, 0) < 0) return LastError("sendmsg");
  return socket;
}

// Newer kernels append further numbers; drops came with Linux 4.7.
std::optional<uint32_t> DropsOf(const rtattr* attribute) {
  constexpr size_t kEnd = (SK_MEMINFO_DROPS + 1) * sizeof(uint32_t);
  if (RTA_PAYLOAD(attribute) < kEnd) return std::nullopt;
  uint32_t drops = 0;
  std::memcpy(&drops, static_cast<const uint8_t*>(RTA_DATA(attribute)) + kEnd - sizeof(drops),
              sizeof(drops));
  return drops;
}

// Passes one message of the dump to the visitor.
void VisitOne(const nlmsghdr* header, const std::function<void(const DiagSocket&)>& visit) {
  const auto* message = static_cast<const inet_diag_msg*>(NLMSG_DATA(header));
  DiagSocket socket;
  socket.state = static_cast<TcpState>(message->idiag_state);
  socket.local_address = Mapped(message->idiag_family, message->id.idiag_src);
  socket.remote_address = Mapped(message->idiag_family, message->id.idiag_dst);
  socket.local_port = ntohs(message->id.idiag_sport);
  socket.remote_port = ntohs(message->id.idiag_dport);
  socket.retransmits = message->idiag_retrans;
  // ICSK_TIME_PROBE0: inet_sk_diag_fill in net/ipv4/inet_diag.c.
  socket.probes_window = message->idiag_timer == 4;
  socket.receive_queue = message->idiag_rqueue;
  socket.send_queue = message->idiag_wqueue;
  socket.uid = message->idiag_uid;
  socket.inode = message->idiag_inode;
  socket.cookie = uint64_t{message->id.idiag_cookie[1]} << 32 | message->id.idiag_cookie[0];
  TcpInfo info{};
  const auto* attribute = reinterpret_cast<const rtattr*>(message + 1);
  auto left = static_cast<int>(header->nlmsg_len - NLMSG_LENGTH(sizeof(*message)));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type == INET_DIAG_SKMEMINFO) socket.drops = DropsOf(attribute);
    if (attribute->rta_type != INET_DIAG_INFO) continue;
    std::memcpy(&info, RTA_DATA(attribute), std::min(sizeof(info), size_t{RTA_PAYLOAD(attribute)}));
    socket.info = &info;
  }
  visit(socket);
}

SysError ErrorOf(int code) {
  // tcp_diag is neither built in nor loadable.
  if (code == ENOENT) return {ENOENT, "tcp_diag"};
  return {code, "sock_diag"};
}

}  // namespace

Result<uint64_t> VisitTcpSockets(const DiagFilter& filter,
                                 const std::function<void(const DiagSocket&)>& visit) {
  if (filter.local.size() > kMaxLocalEndpoints) return SysError{E2BIG, "sock_diag"};
  auto sent = SendRequest(filter);
  if (!sent.ok()) return sent.error();
  const UniqueFd socket = std::move(sent.value());
  // Aligned for the headers in it.
  const auto buffer = std::make_unique_for_overwrite<uint64_t[]>(kBufferBytes / sizeof(uint64_t));
  uint64_t count = 0;
  while (true) {
    const ssize_t got = ::recv(socket.get(), buffer.get(), kBufferBytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return LastError("recv");
    if (got == 0) return SysError{EIO, "recv"};
    auto left = static_cast<size_t>(got);
    const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.get());
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
        // Both begin with an errno, negated, or 0.
        int error = 0;
        if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(error))) {
          std::memcpy(&error, NLMSG_DATA(header), sizeof(error));
        }
        if (error < 0) return ErrorOf(-error);
        return count;
      }
      if (header->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) continue;
      VisitOne(header, visit);
      ++count;
    }
  }
}

}  // namespace c1m
