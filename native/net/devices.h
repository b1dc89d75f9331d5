// The network devices of this network namespace and the routes through them: rtnetlink(7), which
// needs no privilege. /sys/class/net would show the namespace in which it was mounted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/net/address.h"
#include "native/net/result.h"

namespace c1m {

struct Device {
  std::string name;
  // Set up by the administrator: IFF_UP of netdevice(7).
  bool up = false;
  // Up and with a carrier: IFF_LOWER_UP, which changes at once. The kernel derives IFF_RUNNING from
  // it up to a second later (net/core/link_watch.c).
  bool carrier = false;
  // Whether the device sends to neighbors on its link by their addresses. False for loopback and
  // for devices such as dummy, tun and vrf (IFF_NOARP, IFF_POINTOPOINT), whose addresses are
  // reached through other devices.
  bool has_neighbors = false;
  // In the form "198.18.1.1/24"; a device that is down has addresses too.
  std::vector<std::string> addresses;
};

// The properties of a connection that routing rules can match.
struct RouteQuery {
  // Port 0: any.
  SocketAddress target;
  // nullopt: the source that the route selects.
  std::optional<SocketAddress> source;
  uint32_t mark = 0;
  // SO_BINDTODEVICE; empty if the socket is not bound to a device.
  std::string device;
};

struct Route {
  // The device through which packets leave.
  std::string device;
  // The preferred source address; empty if the kernel gives none.
  std::string source;
};

// Lists every device, whether up or down.
[[nodiscard]] Result<std::vector<Device>> ListDevices();

// Finds the route of TCP packets to the target. If there is none, returns the kernel's errno with
// the call "route": ENETUNREACH without a route, EHOSTUNREACH, or EACCES or EINVAL if a route or a
// rule forbids it.
[[nodiscard]] Result<Route> FindRoute(const RouteQuery& query);

}  // namespace c1m
