// The other end of the engine's connections, in plain socket calls.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "native/net/address.h"
#include "native/net/fd.h"

namespace c1m::test {

// A listening socket at an address of its own.
UniqueFd Listening(const SocketAddress& address, int backlog = 1024);
UniqueFd Listening();
SocketAddress LocalAddress(const UniqueFd& socket);
// The other end of an IPv4 connection.
SocketAddress PeerAddress(const UniqueFd& connection);

// The next connection; invalid when none comes in time.
UniqueFd Accepted(const UniqueFd& listener);
std::vector<UniqueFd> Accepted(const UniqueFd& listener, size_t count);

// A non-blocking connection from the address of its target; invalid when it is not established in
// time.
UniqueFd Connected(const SocketAddress& target);

// Two ends of one connection, both non-blocking.
struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};
Pair ConnectedPair();

// How the peer ended the connection, reading what comes before that: 0 for FIN, else the errno
// (ECONNRESET for RST); -1 when it didn't end in time.
int EndOf(const UniqueFd& connection);

// Closes with RST.
void Reset(UniqueFd& connection);
// Sends RST though somebody else has a copy of the descriptor.
void Disconnect(const UniqueFd& connection);

// Sends all of it, waiting whenever the peer is slow.
bool SendAll(const UniqueFd& connection, const std::string& bytes);
// As much as the kernel takes at once.
size_t SendSome(const UniqueFd& connection, const std::string& bytes);
// Waits for exactly so many bytes; shorter when the connection ended or nothing came in time.
std::string Receive(const UniqueFd& connection, size_t size);

// Bytes in which any lost, doubled or swapped piece shows.
std::string Pattern(size_t size);

// A listening socket whose accept queue is full, so that further SYNs stay unanswered until
// `queued` has been accepted.
struct Deaf {
  UniqueFd listener;
  UniqueFd queued;
  SocketAddress address;
};
Deaf DeafListener();

}  // namespace c1m::test
