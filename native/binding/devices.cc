#include "native/binding/devices.h"

#include <sys/socket.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "native/binding/arguments.h"
#include "native/binding/convert.h"
#include "native/net/devices.h"
#include "native/net/neighbors.h"
#include "native/net/next_hop.h"

namespace c1m {

Napi::Value ListDevicesCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Result<std::vector<Device>> devices = ListDevices();
  if (!devices.ok()) throw SystemError(env, devices.error());
  Napi::Array array = Napi::Array::New(env, devices.value().size());
  uint32_t i = 0;
  for (const Device& device : devices.value()) {
    Napi::Array addresses = Napi::Array::New(env, device.addresses.size());
    uint32_t j = 0;
    for (const std::string& address : device.addresses) addresses[j++] = address;
    Napi::Object object = Napi::Object::New(env);
    object["name"] = device.name;
    object["up"] = device.up;
    object["carrier"] = device.carrier;
    object["neighbours"] = device.has_neighbors;
    object["addresses"] = addresses;
    array[i++] = object;
  }
  return array;
}

namespace {

// Reads the optional second argument.
std::optional<SocketAddress> Source(const Napi::CallbackInfo& info, const SocketAddress& target) {
  if (info[1].IsUndefined()) return std::nullopt;
  const SocketAddress source = Address(info[1], "source", 0);
  if (source.family() != target.family())
    Reject(info.Env(), "source", "of the same family as target");
  return source;
}

}  // namespace

Napi::Value FindRouteCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object object = AsObject(info[0], "query");
  RouteQuery query;
  query.target = Address(object, "target", Whole<uint16_t>(object, "port", 0, 65535));
  const Napi::Value source = object.Get("source");
  if (!source.IsUndefined()) query.source = Address(source, "source", 0);
  query.mark = Whole<uint32_t>(object, "mark", 0, std::numeric_limits<uint32_t>::max());
  query.device = Text(object, "device");
  if (query.source && query.source->family() != query.target.family()) {
    Reject(env, "source", "of the same family as target");
  }
  const Result<Route> route = FindRoute(query);
  if (!route.ok()) throw SystemError(env, route.error());
  Napi::Object found = Napi::Object::New(env);
  found["device"] = route.value().device;
  found["source"] = route.value().source;
  return found;
}

Napi::Value NextHopCall(const Napi::CallbackInfo& info) {
  const SocketAddress target = Address(info[0], "target", 0);
  const Result<NextHop> next = FindNextHop(target, Source(info, target));
  if (!next.ok()) throw SystemError(info.Env(), next.error());
  Napi::Object object = Napi::Object::New(info.Env());
  object["address"] = next.value().address;
  object["device"] = next.value().device;
  object["state"] = static_cast<int>(next.value().state);
  return object;
}

Napi::Value NeighborTablesCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Result<std::vector<NeighborTable>> tables = ReadNeighborTables();
  if (!tables.ok()) throw SystemError(env, tables.error());
  Napi::Array array = Napi::Array::New(env, tables.value().size());
  uint32_t i = 0;
  for (const NeighborTable& table : tables.value()) {
    Napi::Object object = Napi::Object::New(env);
    object["family"] = table.family == AF_INET ? 4 : 6;
    object["entries"] = static_cast<double>(table.entries);
    object["most"] = static_cast<double>(table.most);
    object["fulls"] = static_cast<double>(table.fulls);
    array[i++] = object;
  }
  return array;
}

}  // namespace c1m
