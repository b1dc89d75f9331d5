// Surveys the sockets of all processes without blocking JavaScript.
#pragma once

#include <napi.h>

namespace c1m {

// surveySockets({local: [{address?, firstPort, lastPort}], listenersOnly}): a promise of the
// survey; rejects with {errno, syscall}. The work is done in libuv's thread pool.
Napi::Value SurveySockets(const Napi::CallbackInfo& info);

}  // namespace c1m
