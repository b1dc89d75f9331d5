// The socket calls of the engine; an error names the call that failed.
#pragma once

#include <cstdint>

#include "native/net/address.h"
#include "native/net/result.h"
#include "native/net/socket_options.h"

namespace c1m {

// A non-blocking, close-on-exec TCP socket.
Result<int> OpenStream(int family);

// SO_REUSEADDR: many sockets may share one local port as long as their 4-tuples differ (socket(7)).
void AllowAddressReuse(int fd);

// TCP_SYNCNT: how often the kernel repeats an unanswered SYN, 1 to 127 (tcp(7)).
void LimitSynRetries(int fd, int retries);

// SO_LINGER with a zero timeout: close() sends RST and leaves no TIME_WAIT (socket(7)). Accepted
// sockets inherit it.
void ResetOnClose(int fd);

// Whether a non-blocking connect(2) has succeeded: getpeername(2) fails with ENOTCONN before that
// and after an RST. (If both ends connect at the same time it succeeds a moment too early.) For a
// single socket this is cheaper than poll(2).
[[nodiscard]] bool IsConnected(int fd);

// The pending error of a socket, cleared by reading it (SO_ERROR, socket(7)).
int PendingError(int fd);

// Whether several of our sockets listen on one port, among which the kernel distributes connections
// (SO_REUSEPORT, socket(7)).
enum class PortSharing : uint8_t {
  kNone,
  // The first of several: fails if another process listens there, even with SO_REUSEPORT.
  kFirst,
  // Another one in addition to the first.
  kNext,
};

// Which connections a listener at the address `::` accepts (IPV6_V6ONLY, ipv6(7)); any other
// listener accepts those of its own family.
enum class Families : uint8_t { kIpv6, kBoth };

// Opens a listening socket; for port 0 the kernel chooses a port. Accepted sockets inherit
// `options`.
Result<int> OpenListener(const SocketAddress& address, int backlog, PortSharing sharing,
                         const SocketOptions& options = {}, Families families = Families::kIpv6);

// eventfd(2), non-blocking.
Result<int> OpenEventFd();
void Signal(int event_fd);

}  // namespace c1m
