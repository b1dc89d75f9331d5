#include "native/net/devices.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace c1m::test {
namespace {

SocketAddress Address(const char* text) { return SocketAddress::Parse(text, 0).value(); }

}  // namespace

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

}  // namespace c1m::test
