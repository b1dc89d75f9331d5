#include "native/net/devices.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "test/native/helpers/loopback.h"
#include "test/native/helpers/process.h"

namespace c1m::test {

TEST_CASE("devices: loopback is there once, with its address") {
  const auto devices = ListDevices();
  REQUIRE(devices.ok());
  const auto is_loopback = [](const Device& device) { return device.name == "lo"; };
  REQUIRE(std::ranges::count_if(devices.value(), is_loopback) == 1);
  const Device& loopback = *std::ranges::find_if(devices.value(), is_loopback);
  CHECK(loopback.up);
  CHECK(loopback.carrier);
  CHECK(std::ranges::find(loopback.addresses, "127.0.0.1/8") != loopback.addresses.end());
}

TEST_CASE("devices: packets to this host leave by loopback, wherever they come from") {
  CHECK(RouteDevice(Address("127.0.0.1"), std::nullopt).value() == "lo");
  CHECK(RouteDevice(Address("127.0.0.1"), Address("127.1.2.3")).value() == "lo");
}

TEST_CASE("devices: asking leaves no descriptor") {
  const std::vector<int> before = OpenDescriptors();
  CHECK(ListDevices().ok());
  CHECK(RouteDevice(Address("127.0.0.1"), std::nullopt).ok());
  CHECK(OpenDescriptors() == before);
}

TEST_CASE("devices: where the kernel knows no way its errno is handed on") {
  // Multicast is no source address.
  const auto refused = RouteDevice(Address("127.0.0.1"), Address("224.0.0.1"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == EINVAL);
  CHECK(std::string(refused.error().syscall) == "rtnetlink");
}

}  // namespace c1m::test
