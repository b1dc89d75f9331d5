// Reads arguments from JavaScript and fields of objects. Each function throws a TypeError that
// names the argument or field and what it must be.
//
// A getter may call any code, including this addon, so everything is read before anything is
// changed. Values are never converted, because valueOf() and toString() could do the same.
#pragma once

#include <napi.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
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

// Formats a bound without an exponent: 2147483647, 0.5.
inline std::string Plain(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.15g", number);
  return text.data();
}

inline double Number(Napi::Value value, const std::string& name, double least, double most) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue()
                                         : std::numeric_limits<double>::quiet_NaN();
  if (!(number >= least && number <= most)) {
    Reject(value.Env(), name, "a number from " + Plain(least) + " to " + Plain(most));
  }
  return number;
}

inline double Number(Napi::Object object, const char* field, double least, double most) {
  return Number(object.Get(field), field, least, most);
}

// The elements of a Float64Array with at least `count` of them.
inline std::span<double> Doubles(const Napi::Value& value, size_t count) {
  if (!value.IsTypedArray() ||
      value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    throw Napi::TypeError::New(value.Env(), "into must be a Float64Array");
  }
  auto array = value.As<Napi::Float64Array>();
  if (array.ElementLength() < count) {
    throw Napi::RangeError::New(value.Env(),
                                "into must have at least " + std::to_string(count) + " elements");
  }
  return {array.Data(), array.ElementLength()};
}

template <typename Integer>
Integer Whole(Napi::Value value, const std::string& name, double least, double most) {
  return static_cast<Integer>(std::floor(Number(value, name, least, most)));
}

template <typename Integer>
Integer Whole(Napi::Object object, const char* field, double least, double most) {
  return static_cast<Integer>(std::floor(Number(object, field, least, most)));
}

inline std::string Text(Napi::Value value, const std::string& name) {
  if (!value.IsString()) Reject(value.Env(), name, "a string");
  return value.As<Napi::String>();
}

inline std::string Text(Napi::Object object, const char* field) {
  return Text(object.Get(field), field);
}

inline SocketAddress Address(Napi::Value value, const std::string& name, uint16_t port) {
  const auto address = SocketAddress::Parse(Text(value, name), port);
  if (!address) Reject(value.Env(), name, "a numeric IPv4 or IPv6 address");
  return *address;
}

inline SocketAddress Address(Napi::Object object, const char* field, uint16_t port) {
  return Address(object.Get(field), field, port);
}

template <typename Read>
void EachValueOf(Napi::Object object, const char* field, Read&& read) {
  const Napi::Value value = object.Get(field);
  if (!value.IsArray()) Reject(object.Env(), field, "an array");
  const Napi::Array array = value.As<Napi::Array>();
  // The length is read once, because a getter that appends elements would otherwise cause an
  // endless loop.
  const uint32_t length = array.Length();
  for (uint32_t i = 0; i < length; ++i) read(Napi::Value(array.Get(i)));
}

template <typename Read>
void EachOf(Napi::Object object, const char* field, Read&& read) {
  EachValueOf(object, field, [&](Napi::Value value) { read(AsObject(value, field)); });
}

// [{address?, firstPort, lastPort}]
inline std::vector<LocalEndpoint> ReadLocalEndpoints(Napi::Object object, const char* field) {
  std::vector<LocalEndpoint> endpoints;
  EachOf(object, field, [&](Napi::Object endpoint) {
    LocalEndpoint local;
    local.first_port = Whole<uint16_t>(endpoint, "firstPort", 0, 65535);
    local.last_port = Whole<uint16_t>(endpoint, "lastPort", local.first_port, 65535);
    const Napi::Value address = endpoint.Get("address");
    if (!address.IsUndefined()) local.address = Address(address, "address", 0);
    endpoints.push_back(local);
  });
  return endpoints;
}

}  // namespace c1m
