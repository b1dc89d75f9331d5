#include "native/engine/dial/handshakes.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <list>
#include <random>
#include <utility>
#include <vector>

namespace c1m::test {
namespace {

// Removes all from the oldest on and returns their descriptors in that order.
std::vector<int> Drained(Handshakes& handshakes) {
  std::vector<int> order;
  while (!handshakes.empty()) {
    order.push_back(handshakes.at(handshakes.oldest()).fd);
    handshakes.Remove(handshakes.oldest());
  }
  return order;
}

}  // namespace

TEST_CASE("handshakes: they are ordered from the oldest to the newest") {
  Handshakes handshakes;
  CHECK(handshakes.empty());
  for (int fd = 10; fd < 15; ++fd) handshakes.Add({.started_ns = fd, .fd = fd, .target = 0});
  CHECK(handshakes.size() == 5);
  CHECK(Drained(handshakes) == std::vector<int>{10, 11, 12, 13, 14});
  CHECK(handshakes.empty());
}

TEST_CASE("handshakes: a slot keeps its handshake") {
  Handshakes handshakes;
  const uint32_t slot = handshakes.Add({.started_ns = 5, .fd = 10, .target = 3});
  handshakes.Add({.started_ns = 6, .fd = 11, .target = 4});
  CHECK(handshakes.at(slot).started_ns == 5);
  CHECK(handshakes.at(slot).fd == 10);
  CHECK(handshakes.at(slot).target == 3);
}

TEST_CASE("handshakes: they can be removed in any order") {
  for (const int ended : {10, 12, 14}) {
    CAPTURE(ended);
    Handshakes handshakes;
    std::vector<uint32_t> slots;
    std::vector<int> left;
    for (int fd = 10; fd < 15; ++fd) {
      slots.push_back(handshakes.Add({.started_ns = fd, .fd = fd, .target = 0}));
      if (fd != ended) left.push_back(fd);
    }
    handshakes.Remove(slots[static_cast<size_t>(ended - 10)]);
    CHECK(Drained(handshakes) == left);
  }
}

TEST_CASE("handshakes: they need memory only for the most that were pending at one time") {
  Handshakes handshakes;
  for (int i = 0; i < 100'000; ++i) {
    const uint32_t slot = handshakes.Add({.started_ns = i, .fd = i, .target = 0});
    REQUIRE(slot < 2);
    if (i > 0) handshakes.Remove(handshakes.oldest());
  }
}

TEST_CASE("handshakes: the order is kept through many additions and removals") {
  Handshakes handshakes;
  std::list<std::pair<int, uint32_t>> expected;
  std::mt19937 random(3);
  for (int fd = 0; fd < 20'000; ++fd) {
    if (expected.empty() || random() % 2 == 0) {
      expected.emplace_back(fd, handshakes.Add({.started_ns = fd, .fd = fd, .target = 0}));
    } else {
      auto ended = expected.begin();
      std::advance(ended, random() % expected.size() % 8);
      handshakes.Remove(ended->second);
      expected.erase(ended);
    }
    REQUIRE(handshakes.size() == expected.size());
    if (expected.empty()) continue;
    REQUIRE(handshakes.at(handshakes.oldest()).fd == expected.front().first);
  }
}

}  // namespace c1m::test
