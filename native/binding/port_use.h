// Finds the local ports in use to each destination without blocking JavaScript.
#pragma once

#include <napi.h>

namespace c1m {

// findPortUse({firstPort, lastPort, least}): a promise of [{localAddress, remoteAddress,
// remotePort, timeWaits, others, outside}]; rejects with {errno, syscall}. The work is done in
// libuv's thread pool.
Napi::Value FindPortUseCall(const Napi::CallbackInfo& info);

}  // namespace c1m
