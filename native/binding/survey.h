// Sockets of any process, asked for without blocking JavaScript.
#pragma once

#include <napi.h>

namespace c1m {

// surveySockets({local: [{address?, firstPort, lastPort}], listenersOnly}): a promise of the
// survey, which a thread of libuv's pool takes; rejects with {errno, syscall}.
Napi::Value SurveySockets(const Napi::CallbackInfo& info);

}  // namespace c1m
