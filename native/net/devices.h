// The network devices of this network namespace, and which of them packets leave by: rtnetlink(7).
// Not from /sys/class/net, which shows the namespace it was mounted in. Needs no privilege.
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
  // Up, and with a carrier: IFF_LOWER_UP. It changes at once; IFF_RUNNING, which the kernel derives
  // from it, up to a second later (net/core/link_watch.c).
  bool carrier = false;
  // On a link with neighbours, to which it sends in its own name: not loopback, and no device such
  // as dummy, tun or vrf (IFF_NOARP, IFF_POINTOPOINT), whose addresses are used by way of others.
  bool neighbours = false;
  // Those of a device that is down as well, "198.18.1.1/24".
  std::vector<std::string> addresses;
};

// What a connection tells of itself where a route is chosen for it; rules of routing go by each.
struct RouteQuery {
  // Port 0: any.
  SocketAddress target;
  // None: whichever the route chooses.
  std::optional<SocketAddress> source;
  uint32_t mark = 0;
  // SO_BINDTODEVICE; empty: as the routes say.
  std::string device;
};

struct Route {
  // Where packets leave.
  std::string device;
  // The address they leave from where none is given; empty: the kernel names none.
  std::string source;
};

// Every device, whatever its state.
[[nodiscard]] Result<std::vector<Device>> ListDevices();

// The way of TCP packets to the target. The errno of the kernel, of the call "route", where there
// is none: ENETUNREACH without a route, EHOSTUNREACH, EACCES or EINVAL where a route or a rule
// forbids it.
[[nodiscard]] Result<Route> FindRoute(const RouteQuery& query);

}  // namespace c1m
