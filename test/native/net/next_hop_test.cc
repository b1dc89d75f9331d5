#include "native/net/next_hop.h"

#include <doctest/doctest.h>
#include <linux/neighbour.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "test/native/helpers/loopback.h"
#include "test/native/helpers/process.h"

namespace c1m::test {

TEST_CASE("next_hop: on loopback it is the target, which needs no neighbor entry") {
  for (const char* target : {"127.0.0.1", "::1"}) {
    const auto hop = FindNextHop(SocketAddress::Parse(target, 0).value(), std::nullopt);
    REQUIRE(hop.ok());
    CHECK(hop.value().address == target);
    CHECK(hop.value().device == "lo");
    CHECK((hop.value().state & (NUD_INCOMPLETE | NUD_FAILED)) == 0);
  }
}

TEST_CASE("next_hop: if there is no route, the kernel's errno is returned") {
  // A multicast address is not valid as a source.
  const auto refused = FindNextHop(Address("127.0.0.1"), Address("224.0.0.1"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == EINVAL);
}

TEST_CASE("next_hop: a query leaves no descriptor open") {
  const std::vector<int> before = OpenDescriptors();
  CHECK(FindNextHop(Address("127.0.0.1"), std::nullopt).ok());
  CHECK(OpenDescriptors() == before);
}

}  // namespace c1m::test
