#include "native/engine/state/connection_states.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <cstdint>

namespace c1m::test {

TEST_CASE("connection_table: a new one holds nothing") {
  const ConnectionTable table(100);
  CHECK(table.capacity() == 100);
  CHECK(table.size() == 0);
  CHECK(table.end() == 0);
  for (int fd = 0; fd < 100; ++fd) CHECK(table.state(fd) == ConnectionState::kNone);
}

TEST_CASE("connection_table: it keeps state and tag and flags of each descriptor") {
  ConnectionTable table(100);
  table.Set(7, ConnectionState::kConnecting, ConnectionTable::kTagLimit - 1, /*watched=*/true);
  table.Set(99, ConnectionState::kAccepted, 0, /*watched=*/false);
  CHECK(table.state(7) == ConnectionState::kConnecting);
  CHECK(table.tag(7) == ConnectionTable::kTagLimit - 1);
  CHECK(table.watched(7));
  CHECK(table.state(99) == ConnectionState::kAccepted);
  CHECK_FALSE(table.watched(99));
  CHECK(table.state(8) == ConnectionState::kNone);
  CHECK(table.size() == 2);
  CHECK(table.end() == 100);
  table.MarkWatched(99);
  CHECK(table.watched(99));
  CHECK(table.state(99) == ConnectionState::kAccepted);
}

TEST_CASE("connection_table: a change of state is no new connection") {
  ConnectionTable table(100);
  table.Set(7, ConnectionState::kConnecting, 1, /*watched=*/true);
  table.Set(7, ConnectionState::kDialed, 2, /*watched=*/true);
  CHECK(table.size() == 1);
  CHECK(table.state(7) == ConnectionState::kDialed);
  CHECK(table.tag(7) == 2);
}

TEST_CASE("connection_table: a cleared descriptor starts afresh") {
  ConnectionTable table(100);
  table.Set(7, ConnectionState::kDialed, 5, /*watched=*/true);
  table.SetRevisit(7, true);
  CHECK(table.revisit(7));
  table.Clear(7);
  CHECK(table.size() == 0);
  CHECK(table.state(7) == ConnectionState::kNone);
  CHECK_FALSE(table.revisit(7));
  table.Set(7, ConnectionState::kAccepted, 0, /*watched=*/false);
  CHECK_FALSE(table.revisit(7));
  CHECK_FALSE(table.watched(7));
  CHECK(table.end() == 8);
}

TEST_CASE("connection_table: a promise to come back is kept apart from the rest") {
  ConnectionTable table(100);
  table.Set(7, ConnectionState::kDialed, 5, /*watched=*/true);
  table.SetRevisit(7, true);
  CHECK(table.state(7) == ConnectionState::kDialed);
  CHECK(table.tag(7) == 5);
  CHECK(table.watched(7));
  table.SetRevisit(7, false);
  CHECK_FALSE(table.revisit(7));
}

// Asks glibc's allocator, which sanitizers replace.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("connection_table: a connection costs at most 16 bytes") {
  constexpr int kConnections = 1 << 20;
  const auto used = [] {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const size_t before = used();
  const ConnectionTable table(kConnections);
  CHECK((used() - before) / kConnections <= 16);
  CHECK(table.capacity() == kConnections);
}
#endif

}  // namespace c1m::test
