// Files of tracefs where it is mounted nowhere.
#pragma once

#include <string>

#include "native/net/result.h"

namespace c1m {

// The text of a file, such as "events/skb/kfree_skb/format". It comes from a mount that is attached
// to no folder (fsmount(2), Linux 5.2) and goes with the call, so that nothing is left behind.
// EPERM without CAP_SYS_ADMIN.
Result<std::string> ReadTracefs(const std::string& path);

}  // namespace c1m
