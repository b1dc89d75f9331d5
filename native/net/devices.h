// The network devices of this network namespace, and which of them packets leave by: rtnetlink(7).
// Not from /sys/class/net, which shows the namespace it was mounted in. Needs no privilege.
#pragma once

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
  // Those of a device that is down as well, "198.18.1.1/24".
  std::vector<std::string> addresses;
};

// Every device, whatever its state.
[[nodiscard]] Result<std::vector<Device>> ListDevices();

// The device by which packets to `target` would leave, from `source` if one is given. The errno of
// the kernel where there is none: ENETUNREACH without a route.
[[nodiscard]] Result<std::string> RouteDevice(const SocketAddress& target,
                                              const std::optional<SocketAddress>& source);

}  // namespace c1m
