// From the configuration object of lib/engine/native_run.ts to RunOptions.
#pragma once

#include <napi.h>

#include "native/engine/state/options.h"

namespace c1m {

// Throws a TypeError that names the field when something has the wrong type or would be unsafe.
// What is sensible is decided above, in TypeScript.
RunOptions ReadRunOptions(Napi::Value config);

}  // namespace c1m
