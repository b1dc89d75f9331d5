#include "native/engine/measure/port_use.h"

#include <doctest/doctest.h>

#include <vector>

#include "test/native/helpers/loopback.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {

TEST_CASE("port_use: it counts the local ports in use to one destination") {
  const UniqueFd listener = Listening(UniqueLoopback(), 100);
  const UniqueFd other = Listening(UniqueLoopback(), 100);
  std::vector<UniqueFd> ours;
  for (int i = 0; i < 9; ++i) ours.push_back(Connected(LocalAddress(listener)));
  for (int i = 0; i < 3; ++i) ours.push_back(Connected(LocalAddress(other)));
  const SocketAddress destination = LocalAddress(listener);

  const auto all = FindPortUse({.first = 1, .last = UINT16_MAX}, 9);
  REQUIRE(all.ok());
  const PortUse* found = nullptr;
  for (const PortUse& use : all.value()) {
    CHECK(use.others + use.time_waits >= 9);
    if (use.remote_address == destination.Mapped() && use.remote_port == destination.port()) {
      found = &use;
    }
  }
  REQUIRE(found != nullptr);
  CHECK(found->local_address == LocalAddress(ours[0]).Mapped());
  CHECK(found->others == 9);
  CHECK(found->time_waits == 0);
  CHECK(found->outside == 0);

  const uint16_t one = LocalAddress(ours[0]).port();
  const auto narrow = FindPortUse({.first = one, .last = one}, 1);
  REQUIRE(narrow.ok());
  bool seen = false;
  for (const PortUse& use : narrow.value()) {
    if (use.remote_address != destination.Mapped() || use.remote_port != destination.port())
      continue;
    seen = true;
    CHECK(use.others == 1);
    CHECK(use.outside == 8);
  }
  CHECK(seen);
}

}  // namespace c1m::test
