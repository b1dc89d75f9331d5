#include "native/engine/talk/peer_input.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <array>
#include <cerrno>

#include "test/native/helpers/eventually.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {

TEST_CASE("peer_input: there is nothing to read from a silent peer") {
  const Pair pair = ConnectedPair();
  std::array<char, 16> buffer{};
  const Drained drained = Drain(pair.ours.get(), buffer, kMaybeEnded);
  CHECK(drained.bytes == 0);
  CHECK_FALSE(drained.ended);
  CHECK(drained.error == 0);
  CHECK_FALSE(drained.more);
}

TEST_CASE("peer_input: all received data is read and counted") {
  const Pair pair = ConnectedPair();
  REQUIRE(SendAll(pair.theirs, Pattern(100)));
  REQUIRE(Ready(pair.ours.get(), POLLIN));
  std::array<char, 16> buffer{};
  const Drained drained = Drain(pair.ours.get(), buffer, kMaybeEnded);
  CHECK(drained.bytes == 100);
  CHECK_FALSE(drained.ended);
  CHECK_FALSE(drained.more);
}

TEST_CASE("peer_input: the FIN of the peer follows its last data") {
  Pair pair = ConnectedPair();
  REQUIRE(SendAll(pair.theirs, Pattern(100)));
  pair.theirs.Reset();
  REQUIRE(Ready(pair.ours.get(), POLLRDHUP));
  std::array<char, 64> buffer{};
  const Drained drained = Drain(pair.ours.get(), buffer, kMaybeEnded);
  CHECK(drained.bytes == 100);
  CHECK(drained.ended);
  CHECK(drained.error == 0);
}

TEST_CASE("peer_input: a short read leaves a later end to its own event") {
  Pair pair = ConnectedPair();
  REQUIRE(SendAll(pair.theirs, Pattern(100)));
  pair.theirs.Reset();
  REQUIRE(Ready(pair.ours.get(), POLLRDHUP));
  std::array<char, 128> buffer{};
  const Drained bytes = Drain(pair.ours.get(), buffer, EPOLLIN);
  CHECK(bytes.bytes == 100);
  CHECK_FALSE(bytes.ended);
  CHECK_FALSE(bytes.more);
  const Drained end = Drain(pair.ours.get(), buffer, EPOLLIN | EPOLLRDHUP);
  CHECK(end.bytes == 0);
  CHECK(end.ended);
}

TEST_CASE("peer_input: a reset is an error and not an end") {
  Pair pair = ConnectedPair();
  Reset(pair.theirs);
  REQUIRE(Ready(pair.ours.get(), POLLRDHUP));
  std::array<char, 16> buffer{};
  const Drained drained = Drain(pair.ours.get(), buffer, kMaybeEnded);
  CHECK_FALSE(drained.ended);
  CHECK(drained.error == ECONNRESET);
}

TEST_CASE("peer_input: a flood is read in turns") {
  Pair pair = ConnectedPair();
  REQUIRE(SendAll(pair.theirs, Pattern(1000)));
  pair.theirs.Reset();
  REQUIRE(Ready(pair.ours.get(), POLLRDHUP));
  std::array<char, 10> buffer{};
  Drained drained = Drain(pair.ours.get(), buffer, kMaybeEnded);
  CHECK(drained.more);
  CHECK(drained.bytes < 1000);
  uint64_t sum = drained.bytes;
  for (int turns = 0; drained.more && turns < 100; ++turns) {
    drained = Drain(pair.ours.get(), buffer, kMaybeEnded);
    sum += drained.bytes;
  }
  CHECK(sum == 1000);
  CHECK(drained.ended);
}

}  // namespace c1m::test
