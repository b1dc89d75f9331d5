// Lists network devices, routes and neighbor tables of this network namespace for JavaScript.
#pragma once

#include <napi.h>

namespace c1m {

// listDevices(): [{name, up, carrier, neighbours, addresses}]; throws {errno, syscall}.
Napi::Value ListDevicesCall(const Napi::CallbackInfo& info);

// findRoute({target, port, source?, mark, device}): {device, source}; throws {errno, syscall}, with
// the syscall "route" if there is no route or a rule forbids it.
Napi::Value FindRouteCall(const Napi::CallbackInfo& info);

// nextHop(target, source?): {address, device, state}; throws {errno, syscall}.
Napi::Value NextHopCall(const Napi::CallbackInfo& info);

// neighbourTables(): [{family: 4 or 6, entries, most, fulls}]; throws {errno, syscall}.
Napi::Value NeighborTablesCall(const Napi::CallbackInfo& info);

}  // namespace c1m
