// Converts values of the engine to JavaScript.
#pragma once

#include <napi.h>

#include "native/engine/measure/histogram.h"
#include "native/net/result.h"

namespace c1m {

Napi::Object ToObject(Napi::Env env, const Histogram::Summary& summary);

// Creates an Error with `errno` and `syscall`.
Napi::Error SystemError(Napi::Env env, const SysError& error);

}  // namespace c1m
