#include "native/net/inet_diag.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "native/net/socket.h"
#include "test/native/helpers/eventually.h"
#include "test/native/helpers/loopback.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {
namespace {

// A copy of a socket whose TCP_INFO remains valid after the visit.
struct Seen {
  DiagSocket socket;
  TcpInfo info{};
  bool has_info = false;
};

std::vector<Seen> Visit(const DiagFilter& filter) {
  std::vector<Seen> seen;
  const auto visited = VisitTcpSockets(filter, [&](const DiagSocket& socket) {
    seen.push_back({.socket = socket});
    if (socket.info == nullptr) return;
    seen.back().info = *socket.info;
    seen.back().has_info = true;
  });
  REQUIRE(visited.ok());
  CHECK(visited.value() == seen.size());
  return seen;
}

std::vector<LocalEndpoint> At(const SocketAddress& address) {
  return {{.address = address, .first_port = address.port(), .last_port = address.port()}};
}

size_t Count(const std::vector<Seen>& seen, TcpState state) {
  return static_cast<size_t>(std::count_if(
      seen.begin(), seen.end(), [&](const Seen& each) { return each.socket.state == state; }));
}

}  // namespace

TEST_CASE("inet_diag: it finds a listening socket with its queue and its owner") {
  const UniqueFd listener = Listening(UniqueLoopback(), 7);
  const SocketAddress address = LocalAddress(listener);
  const UniqueFd first = Connected(address);
  const UniqueFd second = Connected(address);
  const auto seen = Visit({.states = StateBit(TcpState::kListen), .local = At(address)});
  REQUIRE(seen.size() == 1);
  const DiagSocket& socket = seen[0].socket;
  CHECK(socket.state == TcpState::kListen);
  CHECK(socket.local_address == address.Mapped());
  CHECK(socket.local_port == address.port());
  CHECK(socket.remote_port == 0);
  CHECK(socket.receive_queue == 2);
  CHECK(socket.send_queue == 7);
  CHECK(socket.uid == ::getuid());
  struct stat file {};
  REQUIRE(::fstat(listener.get(), &file) == 0);
  CHECK(socket.inode == file.st_ino);
}

TEST_CASE("inet_diag: TCP_INFO is returned on request and equals that of getsockopt") {
  const UniqueFd listener = Listening();
  const SocketAddress address = LocalAddress(listener);
  const UniqueFd ours = Connected(address);
  const UniqueFd theirs = Accepted(listener);
  REQUIRE(SendAll(ours, "hello"));
  REQUIRE(Receive(theirs, 5) == "hello");
  REQUIRE(SendAll(ours, "unread"));
  REQUIRE(Ready(theirs.get(), POLLIN));
  DiagFilter filter{.states = StateBit(TcpState::kEstablished), .local = At(address)};
  CHECK_FALSE(Visit(filter).at(0).has_info);
  filter.info = true;
  const auto seen = Visit(filter);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].socket.receive_queue == 6);
  REQUIRE(seen[0].has_info);
  TcpInfo info{};
  REQUIRE(ReadTcpInfo(theirs.get(), info) > 0);
  CHECK(seen[0].info.bytes_received == 11);
  CHECK(seen[0].info.bytes_received == info.bytes_received);
  CHECK(seen[0].info.segs_in == info.segs_in);
  CHECK(seen[0].info.snd_mss == info.snd_mss);
  CHECK(seen[0].info.total_retrans == 0);
}

TEST_CASE("inet_diag: the kernel filters by port and address") {
  const SocketAddress base = UniqueLoopback(0, 2);
  std::vector<UniqueFd> open;
  std::map<std::string, int> expected;
  for (uint64_t offset = 0; offset < 2; ++offset) {
    for (const uint16_t port : {21'000, 21'001, 21'005, 21'010}) {
      open.push_back(Listening(WithPort(base.Plus(offset), port)));
    }
  }
  const auto ports = [&](const std::vector<LocalEndpoint>& local) {
    std::vector<std::string> found;
    for (const Seen& seen : Visit({.states = StateBit(TcpState::kListen), .local = local})) {
      if (seen.socket.local_address == base.Mapped()) {
        found.push_back("a" + std::to_string(seen.socket.local_port));
      } else if (seen.socket.local_address == base.Plus(1).Mapped()) {
        found.push_back("b" + std::to_string(seen.socket.local_port));
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  };
  using Names = std::vector<std::string>;
  const auto range = [&](uint64_t offset, uint16_t first, uint16_t last) {
    return LocalEndpoint{.address = base.Plus(offset), .first_port = first, .last_port = last};
  };
  CHECK(ports({range(0, 21'000, 21'000)}) == Names{"a21000"});
  CHECK(ports({range(0, 21'001, 21'005)}) == Names{"a21001", "a21005"});
  CHECK(ports({range(1, 21'002, 21'004)}) == Names{});
  CHECK(ports({range(0, 21'010, 65'535), range(1, 0, 21'000)}) == Names{"a21010", "b21000"});
  CHECK(ports({{.first_port = 21'005, .last_port = 21'005}}) == Names{"a21005", "b21005"});
  CHECK(ports({range(1, 21'000, 21'000), {.first_port = 21'010, .last_port = 21'010}}) ==
        Names{"a21010", "b21000", "b21010"});
  CHECK(ports({}).size() == 8);
}

TEST_CASE("inet_diag: one dump includes IPv4, IPv6 and IPv4 mapped into IPv6") {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    MESSAGE("skipped: this host has no IPv6");
    return;
  }
  const UniqueFd both(fd);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0);
  REQUIRE(::listen(fd, 10) == 0);
  const uint16_t port = LocalAddress(both).port();
  const SocketAddress address = UniqueLoopback(port);
  const UniqueFd ours = Connected(address);
  REQUIRE(ours.valid());
  // The accepted end is an IPv6 socket with an IPv4 address.
  const auto seen = Visit({.states = StateBit(TcpState::kEstablished), .local = At(address)});
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].socket.local_address == address.Mapped());
  CHECK(seen[0].socket.local_port == port);
  const LocalEndpoint by_port{.first_port = port, .last_port = port};
  CHECK(Count(Visit({.local = {by_port}}), TcpState::kListen) == 1);
  const LocalEndpoint v6{.address = Address("::1"), .first_port = port, .last_port = port};
  CHECK(Visit({.local = {v6}}).empty());
}

TEST_CASE("inet_diag: it reports the states of both ends") {
  const UniqueFd listener = Listening();
  const SocketAddress address = LocalAddress(listener);
  const UniqueFd ours = Connected(address);
  const UniqueFd theirs = Accepted(listener);
  const SocketAddress source = SocketAddress::Local(ours.get()).value();
  REQUIRE(::shutdown(theirs.get(), SHUT_WR) == 0);
  REQUIRE(EndOf(ours) == 0);
  REQUIRE(
      Eventually([&] { return Count(Visit({.local = At(address)}), TcpState::kFinWait2) == 1; }));
  CHECK(Count(Visit({.local = At(source)}), TcpState::kCloseWait) == 1);
  CHECK(Visit({.states = StateBit(TcpState::kEstablished), .local = At(source)}).empty());
}

TEST_CASE("inet_diag: it reports handshakes that wait for a full accept queue") {
  const Deaf deaf = DeafListener();
  const UniqueFd late(OpenStream(AF_INET).value());
  CHECK(::connect(late.get(), deaf.address.raw(), deaf.address.size()) != 0);
  const SocketAddress local = SocketAddress::Local(late.get()).value();
  const auto seen =
      Visit({.states = StateBit(TcpState::kSynSent), .local = At(local), .info = true});
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].socket.remote_port == deaf.address.port());
  CHECK(seen[0].has_info);
}

TEST_CASE("inet_diag: a filter takes the maximum number of endpoints and refuses one more") {
  std::vector<LocalEndpoint> local;
  const SocketAddress address = Address("::1");
  for (size_t i = 0; i < kMaxLocalEndpoints; ++i) {
    const auto port = static_cast<uint16_t>(i + 1);
    local.push_back({.address = address, .first_port = port, .last_port = port});
  }
  CHECK(Visit({.states = StateBit(TcpState::kListen), .local = local}).empty());
  local.push_back(local.back());
  const auto refused = VisitTcpSockets({.local = local}, [](const DiagSocket&) {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == E2BIG);
}

}  // namespace c1m::test
