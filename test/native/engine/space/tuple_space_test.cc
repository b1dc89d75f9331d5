#include "native/engine/space/tuple_space.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "native/net/clock.h"
#include "test/native/helpers/loopback.h"

namespace c1m::test {
namespace {

using Ports = std::vector<PortRange>;

std::vector<SocketAddress> Targets(size_t count) {
  std::vector<SocketAddress> targets;
  for (size_t i = 0; i < count; ++i) {
    targets.push_back(Address("127.0.0.1", static_cast<uint16_t>(8000 + i)));
  }
  return targets;
}

std::string Tuple(const TupleCursor& cursor) {
  return cursor.source().ToString() + " > " + cursor.target().ToString();
}

std::vector<std::string> Walk(TupleSpace& space, uint64_t wanted) {
  TupleCursor cursor(space);
  std::vector<std::string> tuples;
  while (cursor.Advance(wanted)) tuples.push_back(Tuple(cursor));
  return tuples;
}

std::vector<std::string> WalkFrom(TupleSpace space, uint64_t offset) {
  TupleCursor cursor(space, offset);
  std::vector<std::string> tuples;
  while (cursor.Advance(4)) tuples.push_back(Tuple(cursor));
  return tuples;
}

std::set<uint16_t> PortsOfShard(const Ports& ports, Shard shard) {
  TupleSpace space({{.first = Address("127.0.0.1"), .count = 1}}, ports, shard, Targets(1));
  TupleCursor cursor(space);
  std::set<uint16_t> seen;
  while (cursor.Advance(1)) seen.insert(cursor.source().port());
  CHECK(seen.size() == space.size());
  return seen;
}

// Two ranges of addresses and ports, three targets: 5 * 7 * 3 tuples.
TupleSpace SmallSpace(bool endless = false) {
  return {
      {{.first = Address("127.0.0.254"), .count = 3}, {.first = Address("127.9.0.1"), .count = 2}},
      {{.first = 1024, .last = 1028}, {.first = 65534, .last = 65535}},
      {},
      Targets(3),
      endless};
}

}  // namespace

TEST_CASE("tuple_space: a cursor with an offset still visits every tuple") {
  const std::vector<std::string> line = WalkFrom(SmallSpace(), 0);
  REQUIRE(line.size() == 5 * 7 * 3);
  for (const size_t offset : {size_t{1}, size_t{21}, size_t{50}, size_t{104}}) {
    CAPTURE(offset);
    std::vector<std::string> turned = line;
    std::rotate(turned.begin(), turned.begin() + static_cast<ptrdiff_t>(offset), turned.end());
    CHECK(WalkFrom(SmallSpace(), offset) == turned);
  }
}

TEST_CASE("tuple_space: a run may begin at any source, and visits all its destinations there") {
  const TupleSpace space = SmallSpace();
  CHECK(space.FirstTupleOf(0) == 0);
  CHECK(space.FirstTupleOf(1) == 3);
  CHECK(space.FirstTupleOf(34) == 102);
  CHECK(space.FirstTupleOf(35) == 0);
  CHECK(space.FirstTupleOf(std::numeric_limits<uint32_t>::max()) % 3 == 0);
  CHECK(space.FirstTupleOf(std::numeric_limits<uint32_t>::max()) < 105);
  CHECK(TupleSpace({}, {}, {}, Targets(1)).FirstTupleOf(7) == 0);
}

TEST_CASE("tuple_space: a shard that begins at another source stays within its ports") {
  const Ports ports = {{.first = 1024, .last = 1033}};
  for (const uint32_t index : {0U, 1U, 2U}) {
    TupleSpace space({{.first = Address("127.0.0.1"), .count = 2}}, ports,
                     {.index = index, .count = 3}, Targets(2));
    TupleCursor cursor(space, space.FirstTupleOf(5));
    std::set<std::string> walked;
    while (cursor.Advance(3)) {
      CHECK((cursor.source().port() - 1024U) % 3 == index);
      walked.insert(Tuple(cursor));
    }
    CHECK(walked.size() == space.size());
  }
}

TEST_CASE("tuple_space: the destination changes fastest, then the port, then the address") {
  TupleSpace space({{.first = Address("127.0.0.255"), .count = 2}}, {{.first = 10, .last = 11}}, {},
                   Targets(2));
  CHECK(space.size() == 8);
  CHECK(Walk(space, 3) == std::vector<std::string>{
                              "127.0.0.255:10 > 127.0.0.1:8000",
                              "127.0.0.255:10 > 127.0.0.1:8001",
                              "127.0.0.255:11 > 127.0.0.1:8000",
                              "127.0.0.255:11 > 127.0.0.1:8001",
                              "127.0.1.0:10 > 127.0.0.1:8000",
                              "127.0.1.0:10 > 127.0.0.1:8001",
                              "127.0.1.0:11 > 127.0.0.1:8000",
                              "127.0.1.0:11 > 127.0.0.1:8001",
                          });
}

TEST_CASE("tuple_space: the order does not depend on the size of slices") {
  TupleSpace whole = SmallSpace();
  const std::vector<std::string> expected = Walk(whole, 1000);
  CHECK(expected.size() == 105);
  CHECK(std::set(expected.begin(), expected.end()).size() == 105);
  for (const uint64_t wanted : {1U, 2U, 3U, 7U, 64U, 104U, 105U}) {
    CAPTURE(wanted);
    TupleSpace space = SmallSpace();
    CHECK(Walk(space, wanted) == expected);
  }
}

TEST_CASE("tuple_space: several cursors share it without overlap") {
  TupleSpace space = SmallSpace();
  std::vector<TupleCursor> cursors(4, TupleCursor(space));
  std::map<std::string, int> seen;
  size_t running = cursors.size();
  for (uint64_t turn = 0; running > 0; ++turn) {
    running = 0;
    for (TupleCursor& cursor : cursors) {
      if (!cursor.Advance(1 + turn % 5)) continue;
      ++running;
      ++seen[Tuple(cursor)];
    }
  }
  CHECK(seen.size() == 105);
  CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& entry) { return entry.second == 1; }));
}

TEST_CASE("tuple_space: several threads get every tuple exactly once") {
  constexpr uint64_t kAddresses = 4;
  constexpr uint16_t kPorts = 5000;
  TupleSpace space({{.first = Address("127.0.0.1"), .count = kAddresses}},
                   {{.first = 1024, .last = 1024 + kPorts - 1}}, {}, Targets(3));
  REQUIRE(space.size() == kAddresses * kPorts * 3);
  // A tuple as one number: address, port and target.
  std::vector<std::vector<uint64_t>> found(4);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&, i] {
      TupleCursor cursor(space);
      const SocketAddress first = Address("127.0.0.1");
      while (cursor.Advance(1 + i * 21)) {
        const uint64_t address = first.CountTo(cursor.source()) - 1;
        const uint64_t port = cursor.source().port() - 1024U;
        found[i].push_back((address * kPorts + port) * 3 + cursor.target_index());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<uint64_t> all;
  for (const auto& part : found) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == space.size());
  bool each_once = true;
  for (uint64_t i = 0; i < all.size(); ++i) each_once = each_once && all[i] == i;
  CHECK(each_once);
  CHECK(space.unclaimed() == 0);
}

TEST_CASE("tuple_space: no more tuples are claimed than wanted") {
  TupleSpace space = SmallSpace();
  TupleCursor cursor(space);
  CHECK(cursor.Left() == 105);
  REQUIRE(cursor.Advance(10));
  CHECK(space.unclaimed() == 95);
  CHECK(cursor.Left() == 104);
  for (int i = 0; i < 9; ++i) REQUIRE(cursor.Advance(1));
  CHECK(space.unclaimed() == 95);
  REQUIRE(cursor.Advance(1));
  CHECK(space.unclaimed() == 94);
}

TEST_CASE("tuple_space: the last claim is cut to what is left, and later ones are empty") {
  TupleSpace space = SmallSpace();
  const TupleSpace::Slice most = space.Claim(100);
  CHECK(most.end - most.begin == 100);
  const TupleSpace::Slice rest = space.Claim(100);
  CHECK(rest.end - rest.begin == 5);
  const TupleSpace::Slice none = space.Claim(100);
  CHECK(none.begin == none.end);
  TupleCursor cursor(space);
  CHECK(cursor.Left() == 0);
  CHECK_FALSE(cursor.Advance(1));
  CHECK_FALSE(cursor.Advance(1));
}

TEST_CASE("tuple_space: shards are disjoint and complete") {
  const Ports ports = {{.first = 1024, .last = 1033},
                       {.first = 2000, .last = 2000},
                       {.first = 65530, .last = 65535}};
  const std::set<uint16_t> all = PortsOfShard(ports, {});
  CHECK(all.size() == 17);
  for (const uint32_t count : {1U, 2U, 3U, 5U, 16U, 17U, 20U}) {
    CAPTURE(count);
    std::set<uint16_t> together;
    size_t sum = 0;
    size_t least = all.size();
    size_t most = 0;
    for (uint32_t index = 0; index < count; ++index) {
      const std::set<uint16_t> part = PortsOfShard(ports, {.index = index, .count = count});
      together.insert(part.begin(), part.end());
      sum += part.size();
      least = std::min(least, part.size());
      most = std::max(most, part.size());
    }
    CHECK(together == all);
    CHECK(sum == all.size());
    CHECK(most - least <= 1);
  }
}

TEST_CASE("tuple_space: IPv6 sources carry like IPv4 ones") {
  TupleSpace space({{.first = Address("fd00::ffff:ffff"), .count = 2}}, {{.first = 7, .last = 7}},
                   {}, {Address("::1", 80)});
  CHECK(Walk(space, 1) ==
        std::vector<std::string>{"[fd00::ffff:ffff]:7 > [::1]:80", "[fd00::1:0:0]:7 > [::1]:80"});
}

TEST_CASE("tuple_space: without sources, ports or targets it is empty") {
  const AddressRange source{.first = Address("127.0.0.1"), .count = 1};
  TupleSpace no_source({}, {{.first = 1, .last = 2}}, {}, Targets(1));
  TupleSpace no_port({source}, {}, {}, Targets(1));
  TupleSpace no_target({source}, {{.first = 1, .last = 2}}, {}, {});
  TupleSpace endless({}, {{.first = 1, .last = 2}}, {}, Targets(1), /*endless=*/true);
  for (TupleSpace* space : {&no_source, &no_port, &no_target, &endless}) {
    CHECK(space->size() == 0);
    TupleCursor cursor(*space);
    CHECK_FALSE(cursor.Advance(1));
  }
}

TEST_CASE("tuple_space: an endless one starts again after its last tuple") {
  TupleSpace finite = SmallSpace();
  const std::vector<std::string> round = Walk(finite, 1000);
  for (const uint64_t wanted : {1U, 4U, 105U, 300U}) {
    CAPTURE(wanted);
    TupleSpace space = SmallSpace(/*endless=*/true);
    TupleCursor cursor(space);
    std::vector<std::string> walked;
    for (size_t i = 0; i < 3 * round.size(); ++i) {
      REQUIRE(cursor.Advance(wanted));
      walked.push_back(Tuple(cursor));
    }
    for (size_t i = 0; i < walked.size(); ++i) CHECK(walked[i] == round[i % round.size()]);
    CHECK(cursor.Left() >= space.size());
  }
}

TEST_CASE("tuple_space: an endless one knows the shortest reuse interval of a tuple") {
  TupleSpace space = SmallSpace(/*endless=*/true);
  TupleCursor cursor(space);
  const int64_t began_ns = NowNs();
  for (int i = 0; i < 100; ++i) REQUIRE(cursor.Advance(5));
  CHECK(space.shortest_rest_ns() == 0);
  for (int i = 0; i < 6; ++i) REQUIRE(cursor.Advance(5));
  CHECK(space.shortest_rest_ns() > 0);
  CHECK(space.shortest_rest_ns() <= NowNs() - began_ns);
}

TEST_CASE("tuple_space: a size that overflows is cut to the largest one") {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  const Ports ports = {{.first = 1, .last = 4096}};
  // 2^52 * 2^12 is 0 in 64 bits.
  TupleSpace wraps({{.first = Address("fd00::"), .count = uint64_t{1} << 52}}, ports, {},
                   Targets(1));
  CHECK(wraps.size() == kMost);
  TupleSpace sum({{.first = Address("fd00::"), .count = std::numeric_limits<uint64_t>::max()},
                  {.first = Address("fd01::"), .count = 2}},
                 ports, {}, Targets(1));
  CHECK(sum.size() == kMost);
  TupleCursor cursor(wraps);
  CHECK(static_cast<int64_t>(cursor.Left()) > 0);
  REQUIRE(cursor.Advance(1));
  CHECK(Tuple(cursor) == "[fd00::]:1 > 127.0.0.1:8000");
}

}  // namespace c1m::test
