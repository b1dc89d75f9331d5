// The next hop of packets, and whether it answers on its link: rtnetlink(7). Sends nothing on the
// network, and needs no privilege.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "native/net/address.h"
#include "native/net/result.h"

namespace c1m {

struct NextHop {
  // The router to the target, or the target itself where the link has it: "198.18.1.254".
  std::string address;
  std::string device;
  // What the kernel knows of its hardware address: NUD_INCOMPLETE, NUD_FAILED, ... of
  // <linux/neighbour.h>; 0 where it knows nothing, as on a device without such addresses, or where
  // it cannot tell (before Linux 5.0).
  uint16_t state = 0;
};

// The next hop of packets to `target`, from `source` if one is given. The errno of the kernel where
// there is none: ENETUNREACH without a route.
[[nodiscard]] Result<NextHop> FindNextHop(const SocketAddress& target,
                                          const std::optional<SocketAddress>& source);

}  // namespace c1m
