// The bytecode of a socket filter: inet_diag_bc_run and its audit in net/ipv4/inet_diag.c.
//
// An operation advances by `yes` bytes if it is true and by `no` bytes if not. The socket passes if
// the program ends exactly at its end; four bytes beyond the end means "rejected". Endpoints follow
// one another: a mismatch goes on to the next one, a match jumps to the end.
#include <linux/inet_diag.h>
#include <sys/socket.h>

#include "native/net/inet_diag.h"

namespace c1m {
namespace {

constexpr size_t kOp = sizeof(inet_diag_bc_op);
// An operation on a port takes a second one, whose `no` is the port.
constexpr size_t kPortOp = 2 * kOp;

size_t AddressBytes(const SocketAddress& address) { return address.family() == AF_INET6 ? 16 : 4; }

size_t HostOp(const SocketAddress& address) {
  return kOp + sizeof(inet_diag_hostcond) + AddressBytes(address);
}

class Program {
 public:
  void Op(uint8_t code, size_t yes, size_t no) {
    inet_diag_bc_op op{};
    op.code = code;
    op.yes = static_cast<uint8_t>(yes);
    op.no = static_cast<uint16_t>(no);
    Put(&op, sizeof(op));
  }
  void Port(uint8_t code, uint16_t port, size_t no) {
    Op(code, kPortOp, no);
    Op(0, 0, port);
  }
  void Host(const SocketAddress& address, size_t no) {
    Op(INET_DIAG_BC_S_COND, HostOp(address), no);
    inet_diag_hostcond condition{};
    // IPv4 also matches addresses that are mapped into IPv6.
    condition.family = static_cast<uint8_t>(address.family());
    condition.prefix_len = static_cast<uint8_t>(AddressBytes(address) * 8);
    condition.port = -1;
    Put(&condition, sizeof(condition));
    const auto mapped = address.Mapped();
    Put(mapped.data() + mapped.size() - AddressBytes(address), AddressBytes(address));
  }
  [[nodiscard]] std::vector<uint8_t> take() { return std::move(bytes_); }
  [[nodiscard]] size_t size() const { return bytes_.size(); }

 private:
  void Put(const void* data, size_t size) {
    const auto* first = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  std::vector<uint8_t> bytes_;
};

size_t ClauseBytes(const LocalEndpoint& endpoint) {
  return 2 * kPortOp + (endpoint.address ? HostOp(*endpoint.address) : 0) + kOp;
}

}  // namespace

std::vector<uint8_t> FilterBytecode(const std::vector<LocalEndpoint>& local) {
  size_t total = 0;
  for (const LocalEndpoint& endpoint : local) total += ClauseBytes(endpoint);
  Program program;
  for (const LocalEndpoint& endpoint : local) {
    const size_t next = program.size() + ClauseBytes(endpoint);
    // Where a failed operation goes: to the next endpoint, or beyond the end.
    const auto otherwise = [&] { return next - program.size() + (next == total ? 4 : 0); };
    program.Port(INET_DIAG_BC_S_GE, endpoint.first_port, otherwise());
    program.Port(INET_DIAG_BC_S_LE, endpoint.last_port, otherwise());
    if (endpoint.address) program.Host(*endpoint.address, otherwise());
    program.Op(INET_DIAG_BC_JMP, kOp, total - program.size());
  }
  return program.take();
}

}  // namespace c1m
