// The network devices of this namespace, for JavaScript.
#pragma once

#include <napi.h>

namespace c1m {

// listDevices(): [{name, up, carrier, addresses}]; throws {errno, syscall}.
Napi::Value ListDevicesCall(const Napi::CallbackInfo& info);

// routeDevice(target, source?): the name of the device; throws {errno, syscall}.
Napi::Value RouteDeviceCall(const Napi::CallbackInfo& info);

}  // namespace c1m
