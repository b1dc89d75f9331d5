// Reading the fields of an object JavaScript handed over. Each throws a TypeError that names the
// field.
#pragma once

#include <napi.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "native/net/address.h"
#include "native/net/inet_diag.h"

namespace c1m {

[[noreturn]] inline void Reject(Napi::Env env, const std::string& field,
                                const std::string& expected) {
  throw Napi::TypeError::New(env, field + " must be " + expected);
}

inline Napi::Object AsObject(Napi::Value value, const std::string& field) {
  if (!value.IsObject()) Reject(value.Env(), field, "an object");
  return value.As<Napi::Object>();
}

inline double Number(Napi::Object object, const char* field, double least, double most) {
  const Napi::Value value = object.Get(field);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue()
                                         : std::numeric_limits<double>::quiet_NaN();
  if (!(number >= least && number <= most)) {
    Reject(object.Env(), field,
           "a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

template <typename Integer>
Integer Whole(Napi::Object object, const char* field, double least, double most) {
  return static_cast<Integer>(std::floor(Number(object, field, least, most)));
}

inline std::string Text(Napi::Object object, const char* field) {
  const Napi::Value value = object.Get(field);
  if (!value.IsString()) Reject(object.Env(), field, "a string");
  return value.As<Napi::String>();
}

inline SocketAddress Address(Napi::Object object, const char* field, uint16_t port) {
  const auto address = SocketAddress::Parse(Text(object, field), port);
  if (!address) Reject(object.Env(), field, "a numeric IPv4 or IPv6 address");
  return *address;
}

template <typename Read>
void EachOf(Napi::Object object, const char* field, Read&& read) {
  const Napi::Value value = object.Get(field);
  if (!value.IsArray()) Reject(object.Env(), field, "an array");
  const Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) read(AsObject(array.Get(i), field));
}

// [{address?, firstPort, lastPort}]
inline std::vector<LocalEndpoint> ReadLocalEndpoints(Napi::Object object, const char* field) {
  std::vector<LocalEndpoint> endpoints;
  EachOf(object, field, [&](Napi::Object endpoint) {
    LocalEndpoint local;
    local.first_port = Whole<uint16_t>(endpoint, "firstPort", 0, 65535);
    local.last_port = Whole<uint16_t>(endpoint, "lastPort", local.first_port, 65535);
    if (!endpoint.Get("address").IsUndefined()) local.address = Address(endpoint, "address", 0);
    endpoints.push_back(local);
  });
  return endpoints;
}

}  // namespace c1m
