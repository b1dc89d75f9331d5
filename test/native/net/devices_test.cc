#include "native/net/devices.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "test/native/helpers/loopback.h"
#include "test/native/helpers/process.h"

namespace c1m::test {

TEST_CASE("devices: loopback is listed once, with its address") {
  const auto devices = ListDevices();
  REQUIRE(devices.ok());
  const auto is_loopback = [](const Device& device) { return device.name == "lo"; };
  REQUIRE(std::ranges::count_if(devices.value(), is_loopback) == 1);
  const Device& loopback = *std::ranges::find_if(devices.value(), is_loopback);
  CHECK(loopback.up);
  CHECK(loopback.carrier);
  CHECK(std::ranges::find(loopback.addresses, "127.0.0.1/8") != loopback.addresses.end());
}

namespace {

Result<Route> RouteTo(const SocketAddress& target, std::optional<SocketAddress> source = {}) {
  return FindRoute({.target = target, .source = source, .mark = 0, .device = ""});
}

}  // namespace

TEST_CASE("devices: packets to this host leave by loopback from any source") {
  const auto chosen = RouteTo(Address("127.0.0.1", 80));
  REQUIRE(chosen.ok());
  CHECK(chosen.value().device == "lo");
  CHECK(chosen.value().source == "127.0.0.1");
  CHECK(RouteTo(Address("127.0.0.1"), Address("127.1.2.3")).value().device == "lo");
}

TEST_CASE("devices: loopback has no neighbors") {
  const auto devices = ListDevices();
  REQUIRE(devices.ok());
  const auto loopback = std::ranges::find(devices.value(), "lo", &Device::name);
  REQUIRE(loopback != devices.value().end());
  CHECK_FALSE(loopback->has_neighbors);
}

TEST_CASE("devices: a connection bound to a device leaves by it") {
  const auto route =
      FindRoute({.target = Address("127.0.0.1"), .source = {}, .mark = 7, .device = "lo"});
  REQUIRE(route.ok());
  CHECK(route.value().device == "lo");
  const auto missing =
      FindRoute({.target = Address("127.0.0.1"), .source = {}, .mark = 0, .device = "nosuch0"});
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == ENODEV);
}

TEST_CASE("devices: a query leaves no descriptor open") {
  const std::vector<int> before = OpenDescriptors();
  CHECK(ListDevices().ok());
  CHECK(RouteTo(Address("127.0.0.1")).ok());
  CHECK(OpenDescriptors() == before);
}

TEST_CASE("devices: if there is no route, the kernel's errno is returned") {
  // A multicast address is not valid as a source.
  const auto refused = RouteTo(Address("127.0.0.1"), Address("224.0.0.1"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == EINVAL);
  CHECK(std::string(refused.error().syscall) == "route");
}

}  // namespace c1m::test
