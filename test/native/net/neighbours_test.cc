#include "native/net/neighbours.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "test/native/helpers/process.h"

namespace c1m::test {

TEST_CASE("neighbours: the table of IPv4 is listed once, with its limit, and within it") {
  const auto tables = ReadNeighbourTables();
  REQUIRE(tables.ok());
  const auto is_ipv4 = [](const NeighbourTable& table) { return table.family == AF_INET; };
  REQUIRE(std::ranges::count_if(tables.value(), is_ipv4) == 1);
  const NeighbourTable& table = *std::ranges::find_if(tables.value(), is_ipv4);
  CHECK(table.most > 0);
  CHECK(table.entries <= table.most);
}

TEST_CASE("neighbours: a query leaves no descriptor open") {
  const std::vector<int> before = OpenDescriptors();
  CHECK(ReadNeighbourTables().ok());
  CHECK(OpenDescriptors() == before);
}

}  // namespace c1m::test
