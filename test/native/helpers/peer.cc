#include "test/native/helpers/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "native/net/socket.h"
#include "test/native/helpers/eventually.h"
#include "test/native/helpers/loopback.h"

namespace c1m::test {

UniqueFd Listening(const SocketAddress& address, int backlog) {
  const auto opened = OpenListener(address, backlog, PortSharing::kNone);
  return UniqueFd(opened.ok() ? opened.value() : -1);
}

UniqueFd Listening() { return Listening(UniqueLoopback()); }

SocketAddress LocalAddress(const UniqueFd& socket) {
  return SocketAddress::Local(socket.get()).value_or(SocketAddress());
}

SocketAddress PeerAddress(const UniqueFd& connection) {
  sockaddr_in peer{};
  socklen_t size = sizeof(peer);
  ::getpeername(connection.get(), reinterpret_cast<sockaddr*>(&peer), &size);
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &peer.sin_addr, text.data(), text.size());
  return Address(text.data(), ntohs(peer.sin_port));
}

UniqueFd Accepted(const UniqueFd& listener) {
  if (!Ready(listener.get(), POLLIN)) return {};
  return UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

std::vector<UniqueFd> Accepted(const UniqueFd& listener, size_t count) {
  std::vector<UniqueFd> connections;
  while (connections.size() < count) {
    connections.push_back(Accepted(listener));
    if (!connections.back().valid()) return {};
  }
  return connections;
}

UniqueFd Connected(const SocketAddress& target) {
  const auto opened = OpenStream(target.family());
  if (!opened.ok()) return {};
  UniqueFd socket(opened.value());
  // The kernel would choose 127.0.0.1, which all tests on this machine share.
  const SocketAddress source = WithPort(target, 0);
  if (::bind(socket.get(), source.raw(), source.size()) != 0) return {};
  if (::connect(socket.get(), target.raw(), target.size()) != 0 && errno != EINPROGRESS) return {};
  if (!Ready(socket.get(), POLLOUT) || PendingError(socket.get()) != 0) return {};
  return socket;
}

Pair ConnectedPair() {
  const UniqueFd listener = Listening();
  UniqueFd ours = Connected(LocalAddress(listener));
  return {.ours = std::move(ours), .theirs = Accepted(listener)};
}

int EndOf(const UniqueFd& connection) {
  std::array<char, 4096> buffer{};
  while (Ready(connection.get(), POLLIN)) {
    const ssize_t got = ::recv(connection.get(), buffer.data(), buffer.size(), 0);
    if (got == 0) return 0;
    if (got < 0 && errno != EAGAIN) return errno;
  }
  return -1;
}

void Reset(UniqueFd& connection) {
  ResetOnClose(connection.get());
  connection.Reset();
}

void Disconnect(const UniqueFd& connection) {
  const sockaddr unspecified{.sa_family = AF_UNSPEC, .sa_data = {}};
  ::connect(connection.get(), &unspecified, sizeof(unspecified));
}

size_t SendSome(const UniqueFd& connection, const std::string& bytes) {
  const ssize_t sent = ::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent > 0 ? static_cast<size_t>(sent) : 0;
}

bool SendAll(const UniqueFd& connection, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    if (!Ready(connection.get(), POLLOUT)) return false;
    const ssize_t now =
        ::send(connection.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now < 0 && errno != EAGAIN) return false;
    if (now > 0) sent += static_cast<size_t>(now);
  }
  return true;
}

std::string Receive(const UniqueFd& connection, size_t size) {
  std::string received(size, '\0');
  size_t filled = 0;
  while (filled < size && Ready(connection.get(), POLLIN)) {
    const ssize_t got = ::recv(connection.get(), received.data() + filled, size - filled, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) break;
    if (got > 0) filled += static_cast<size_t>(got);
  }
  received.resize(filled);
  return received;
}

std::string Pattern(size_t size) {
  std::string pattern(size, '\0');
  uint32_t state = 1;
  for (char& byte : pattern) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return pattern;
}

Deaf DeafListener() {
  Deaf deaf;
  deaf.listener = Listening(UniqueLoopback(), /*backlog=*/0);
  deaf.address = LocalAddress(deaf.listener);
  deaf.queued = Connected(deaf.address);
  return deaf;
}

}  // namespace c1m::test
