#include "native/binding/devices.h"

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "native/binding/arguments.h"
#include "native/binding/convert.h"
#include "native/net/devices.h"
#include "native/net/neighbours.h"

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
    object["addresses"] = addresses;
    array[i++] = object;
  }
  return array;
}

Napi::Value RouteDeviceCall(const Napi::CallbackInfo& info) {
  const SocketAddress target = Address(info[0], "target", 0);
  std::optional<SocketAddress> source;
  if (!info[1].IsUndefined()) source = Address(info[1], "source", 0);
  if (source && source->family() != target.family()) {
    Reject(info.Env(), "source", "of the family of target");
  }
  const Result<std::string> name = RouteDevice(target, source);
  if (!name.ok()) throw SystemError(info.Env(), name.error());
  return Napi::String::New(info.Env(), name.value());
}

Napi::Value NeighbourTablesCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Result<std::vector<NeighbourTable>> tables = ReadNeighbourTables();
  if (!tables.ok()) throw SystemError(env, tables.error());
  Napi::Array array = Napi::Array::New(env, tables.value().size());
  uint32_t i = 0;
  for (const NeighbourTable& table : tables.value()) {
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
