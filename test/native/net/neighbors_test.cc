#include "native/net/neighbors.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "test/native/helpers/process.h"

namespace c1m::test {

TEST_CASE("neighbors: the table of IPv4 is listed once, with its limit, and within it") {
  const auto tables = ReadNeighborTables();
  REQUIRE(tables.ok());
  const auto is_ipv4 = [](const NeighborTable& table) { return table.family == AF_INET; };
  REQUIRE(std::ranges::count_if(tables.value(), is_ipv4) == 1);
  const NeighborTable& table = *std::ranges::find_if(tables.value(), is_ipv4);
  CHECK(table.most > 0);
  CHECK(table.entries <= table.most);
}

TEST_CASE("neighbors: a query leaves no descriptor open") {
  const std::vector<int> before = OpenDescriptors();
  CHECK(ReadNeighborTables().ok());
  CHECK(OpenDescriptors() == before);
}

}  // namespace c1m::test
