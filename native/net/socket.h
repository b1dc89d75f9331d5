// The socket calls the engine makes, each naming itself when it fails.
#pragma once

#include <cstdint>

#include "native/net/address.h"
#include "native/net/result.h"
#include "native/net/socket_options.h"

namespace c1m {

// A non-blocking, close-on-exec TCP socket.
Result<int> OpenStream(int family);

// SO_REUSEADDR: lets many sockets share one local port as long as their 4-tuples differ
// (socket(7)).
void AllowAddressReuse(int fd);

// TCP_SYNCNT: how often the kernel repeats an unanswered SYN, 1 to 127 (tcp(7)).
void LimitSynRetries(int fd, int retries);

// SO_LINGER with a zero timeout: close() sends RST and leaves no TIME_WAIT (socket(7)). Accepted
// sockets inherit it.
void ResetOnClose(int fd);

// Whether a connect(2) that did not wait has succeeded: until then getpeername(2) has ENOTCONN, as
// it has after an RST. (Where both ends connect at the same time it succeeds a moment too early.)
// Asked of one socket it is cheaper than poll(2).
[[nodiscard]] bool IsConnected(int fd);

// The pending error of a socket, cleared by reading it (SO_ERROR, socket(7)).
int PendingError(int fd);

// Whether several sockets of ours listen on one port, so that the kernel spreads the connections
// (SO_REUSEPORT, socket(7)).
enum class PortSharing : uint8_t {
  kNone,
  // The first of several: fails where a stranger listens already, even if that one would share.
  kFirst,
  // Another beside the first.
  kNext,
};

// Which connections a listener at the address `::` takes (IPV6_V6ONLY, ipv6(7)); any other listener
// has those of its own family.
enum class Families : uint8_t { kIpv6, kBoth };

// A listening socket; port 0 lets the kernel choose. What it accepts inherits its options.
Result<int> OpenListener(const SocketAddress& address, int backlog, PortSharing sharing,
                         const SocketOptions& options = {}, Families families = Families::kIpv6);

// eventfd(2), non-blocking.
Result<int> OpenEventFd();
void Signal(int event_fd);

}  // namespace c1m
