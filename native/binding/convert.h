// From values of the engine to JavaScript's.
#pragma once

#include <napi.h>

#include "native/engine/measure/histogram.h"
#include "native/net/result.h"

namespace c1m {

Napi::Object ToObject(Napi::Env env, const Histogram::Summary& summary);

// An Error with `errno` and `syscall`.
Napi::Error SystemError(Napi::Env env, const SysError& error);

}  // namespace c1m
