// The network devices and neighbours of this namespace, for JavaScript.
#pragma once

#include <napi.h>

namespace c1m {

// listDevices(): [{name, up, carrier, addresses}]; throws {errno, syscall}.
Napi::Value ListDevicesCall(const Napi::CallbackInfo& info);

// routeDevice(target, source?): the name of the device; throws {errno, syscall}.
Napi::Value RouteDeviceCall(const Napi::CallbackInfo& info);

// neighbourTables(): [{family: 4 or 6, entries, most, fulls}]; throws {errno, syscall}.
Napi::Value NeighbourTablesCall(const Napi::CallbackInfo& info);

}  // namespace c1m
