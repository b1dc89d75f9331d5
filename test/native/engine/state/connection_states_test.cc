#include "native/engine/state/connection_states.h"

#include <doctest/doctest.h>
#include <malloc.h>

namespace c1m::test {

TEST_CASE("connection_states: a new one has no connections") {
  const ConnectionStates connections(100);
  CHECK(connections.capacity() == 100);
  CHECK(connections.size() == 0);
  CHECK(connections.end() == 0);
  for (int fd = 0; fd < 100; ++fd) CHECK(connections.state(fd) == ConnectionState::kNone);
}

TEST_CASE("connection_states: it keeps state, tag and flags of each descriptor") {
  ConnectionStates connections(100);
  connections.Set(7, ConnectionState::kConnecting, ConnectionStates::kTagLimit - 1,
                  /*watched=*/true);
  connections.Set(99, ConnectionState::kAccepted, 0, /*watched=*/false);
  CHECK(connections.state(7) == ConnectionState::kConnecting);
  CHECK(connections.tag(7) == ConnectionStates::kTagLimit - 1);
  CHECK(connections.watched(7));
  CHECK(connections.state(99) == ConnectionState::kAccepted);
  CHECK_FALSE(connections.watched(99));
  CHECK(connections.state(8) == ConnectionState::kNone);
  CHECK(connections.size() == 2);
  CHECK(connections.end() == 100);
  connections.MarkWatched(99);
  CHECK(connections.watched(99));
  CHECK(connections.state(99) == ConnectionState::kAccepted);
}

TEST_CASE("connection_states: a change of state does not add a connection") {
  ConnectionStates connections(100);
  connections.Set(7, ConnectionState::kConnecting, 1, /*watched=*/true);
  connections.Set(7, ConnectionState::kDialed, 2, /*watched=*/true);
  CHECK(connections.size() == 1);
  CHECK(connections.state(7) == ConnectionState::kDialed);
  CHECK(connections.tag(7) == 2);
}

TEST_CASE("connection_states: a cleared descriptor starts with no state") {
  ConnectionStates connections(100);
  connections.Set(7, ConnectionState::kDialed, 5, /*watched=*/true);
  connections.SetRevisit(7, true);
  CHECK(connections.revisit(7));
  connections.Clear(7);
  CHECK(connections.size() == 0);
  CHECK(connections.state(7) == ConnectionState::kNone);
  CHECK_FALSE(connections.revisit(7));
  connections.Set(7, ConnectionState::kAccepted, 0, /*watched=*/false);
  CHECK_FALSE(connections.revisit(7));
  CHECK_FALSE(connections.watched(7));
  CHECK(connections.end() == 8);
}

TEST_CASE("connection_states: the revisit flag does not affect other fields") {
  ConnectionStates connections(100);
  connections.Set(7, ConnectionState::kDialed, 5, /*watched=*/true);
  connections.SetRevisit(7, true);
  CHECK(connections.state(7) == ConnectionState::kDialed);
  CHECK(connections.tag(7) == 5);
  CHECK(connections.watched(7));
  connections.SetRevisit(7, false);
  CHECK_FALSE(connections.revisit(7));
}

// Asks glibc's allocator, which sanitizers replace.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("connection_states: a connection costs at most 16 bytes") {
  constexpr int kConnections = 1 << 20;
  const auto used = [] {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const size_t before = used();
  const ConnectionStates connections(kConnections);
  CHECK((used() - before) / kConnections <= 16);
  CHECK(connections.capacity() == kConnections);
}
#endif

TEST_CASE("connection_states: they keep the number of repeated SYNs, up to seven") {
  ConnectionStates connections(10);
  connections.Set(5, ConnectionState::kDialed, ConnectionStates::kTagLimit - 1, /*watched=*/true);
  CHECK(connections.syn_retries(5) == 0);
  connections.SetSynRetries(5, 3);
  CHECK(connections.syn_retries(5) == 3);
  CHECK(connections.tag(5) == ConnectionStates::kTagLimit - 1);
  CHECK(connections.watched(5));
  connections.SetSynRetries(5, 100);
  CHECK(connections.syn_retries(5) == 7);
  connections.Set(5, ConnectionState::kDialed, 1, /*watched=*/true);
  CHECK(connections.syn_retries(5) == 0);
}

}  // namespace c1m::test
