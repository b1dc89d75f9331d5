// The next hop of packets and whether it answers on its link: rtnetlink(7). Sends nothing on the
// network and needs no privilege.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "native/net/address.h"
#include "native/net/result.h"

namespace c1m {

struct NextHop {
  // The router, or the target itself if it is on the link: "198.18.1.254".
  std::string address;
  std::string device;
  // The state of its neighbor entry: NUD_INCOMPLETE, NUD_FAILED, ... of <linux/neighbour.h>. 0 if
  // there is no entry, as on devices without hardware addresses, or if the kernel cannot be asked
  // for one entry (before Linux 5.0).
  uint16_t state = 0;
};

// The next hop of packets to `target`, from `source` if given. Without one it returns the kernel's
// errno: ENETUNREACH without a route.
[[nodiscard]] Result<NextHop> FindNextHop(const SocketAddress& target,
                                          const std::optional<SocketAddress>& source);

}  // namespace c1m
