// The local ports in use towards each destination, asked for without blocking JavaScript.
#pragma once

#include <napi.h>

namespace c1m {

// findPortUse({firstPort, lastPort, least}): a promise of [{localAddress, remoteAddress,
// remotePort, timeWaits, others, outside}], which a thread of libuv's pool finds; rejects with
// {errno, syscall}.
Napi::Value FindPortUseCall(const Napi::CallbackInfo& info);

}  // namespace c1m
