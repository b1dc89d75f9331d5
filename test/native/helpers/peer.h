// The other end of the engine's connections, in plain socket calls.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "native/net/address.h"
#include "native/net/fd.h"

namespace c1m::test {

// Opens a listening socket on an address of its own.
UniqueFd Listening(const SocketAddress& address, int backlog = 1024);
UniqueFd Listening();
SocketAddress LocalAddress(const UniqueFd& socket);
// The remote address of an IPv4 connection.
SocketAddress PeerAddress(const UniqueFd& connection);

// Accepts the next connection; invalid if none arrives in time.
UniqueFd Accepted(const UniqueFd& listener);
std::vector<UniqueFd> Accepted(const UniqueFd& listener, size_t count);

// A non-blocking connection, bound to the address of its target; invalid if it is not established
// in time.
UniqueFd Connected(const SocketAddress& target);

// The two ends of one connection, both non-blocking.
struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};
Pair ConnectedPair();

// Reads until the peer ends the connection and returns how: 0 for FIN, otherwise the errno
// (ECONNRESET for RST); -1 if it does not end in time.
int EndOf(const UniqueFd& connection);

// Closes with RST.
void Reset(UniqueFd& connection);
// Sends RST even if another process has a copy of the descriptor.
void Disconnect(const UniqueFd& connection);

// Sends all of it and waits whenever the peer is slow.
bool SendAll(const UniqueFd& connection, const std::string& bytes);
// Sends as much as the kernel accepts at once.
size_t SendSome(const UniqueFd& connection, const std::string& bytes);
// Waits for exactly this many bytes; returns fewer if the connection ends or nothing arrives in
// time.
std::string Receive(const UniqueFd& connection, size_t size);

// Data in which any lost, duplicated or reordered piece is visible.
std::string Pattern(size_t size);

// A listening socket whose accept queue is full, so that further SYNs are not answered until
// `queued` has been accepted.
struct Deaf {
  UniqueFd listener;
  UniqueFd queued;
  SocketAddress address;
};
Deaf DeafListener();

}  // namespace c1m::test
