// Converts the configuration object of lib/engine/native_run.ts to RunOptions.
#pragma once

#include <napi.h>

#include "native/engine/state/options.h"

namespace c1m {

// Throws a TypeError that names the field if a value has the wrong type or would be unsafe. lib/
// decides which values are sensible.
RunOptions ReadRunOptions(Napi::Value config);

}  // namespace c1m
