#include "native/engine/measure/icmp_tally.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <string>

namespace c1m::test {

TEST_CASE("icmp_tally: errors are counted by sender, meaning and target") {
  IcmpTally tally;
  const IcmpError prohibited{.from = "198.18.1.254", .family = AF_INET, .type = 3, .code = 13};
  IcmpError closed = prohibited;
  closed.code = 3;
  tally.Count(prohibited, "198.18.2.1:80");
  tally.Count(prohibited, "198.18.2.1:80");
  tally.Count(prohibited, "198.18.2.1:81");
  tally.Count(closed, "198.18.2.1:80");
  const auto entries = tally.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].count == 2);
  CHECK(entries[1].target == "198.18.2.1:81");
  CHECK(entries[2].error.code == 3);
}

TEST_CASE("icmp_tally: the number of entries is limited") {
  IcmpTally tally;
  for (int i = 0; i < 1000; ++i) {
    tally.Count({.from = std::to_string(i), .family = AF_INET, .type = 3, .code = 1}, "any");
  }
  CHECK(tally.entries().size() == IcmpTally::kMostEntries);
}

}  // namespace c1m::test
