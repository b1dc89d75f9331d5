// Reads files of tracefs even if it is not mounted.
#pragma once

#include <string>

#include "native/net/result.h"

namespace c1m {

// The content of a file such as "events/skb/kfree_skb/format". Uses a mount of its own that is
// attached to no directory (fsmount(2), Linux 5.2) and disappears when the function returns. Fails
// with EPERM without CAP_SYS_ADMIN.
Result<std::string> ReadTracefs(const std::string& path);

}  // namespace c1m
