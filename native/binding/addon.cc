// The addon as JavaScript sees it. All state belongs to the environment that has loaded the addon;
// there are no mutable globals.
#include <napi.h>

#include "native/binding/arguments.h"
#include "native/binding/convert.h"
#include "native/binding/devices.h"
#include "native/binding/drops_wrap.h"
#include "native/binding/port_use.h"
#include "native/binding/run_wrap.h"
#include "native/binding/survey.h"
#include "native/engine/measure/census.h"
#include "native/engine/measure/counters.h"
#include "native/engine/measure/histogram.h"
#include "native/engine/state/connection_states.h"
#include "native/net/descriptor_table.h"
#include "native/net/thread.h"

namespace c1m {
namespace {

// descriptorLimit(): raises the soft RLIMIT_NOFILE to the hard limit and returns it.
Napi::Value DescriptorLimit(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), RaiseDescriptorLimit());
}

// privateTables(): whether threads can leave the descriptor table of the process on this host.
Napi::Value PrivateTables(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), PrivateTablesWork());
}

// tryThreads(count): throws {errno, syscall} if `count` threads can't be started now.
Napi::Value CheckThreads(const Napi::CallbackInfo& info) {
  const auto count = Whole<size_t>(info[0], "count", 0, 1024);
  if (const int error = TryThreads(count); error != 0) {
    throw SystemError(info.Env(), {error, "pthread_create"});
  }
  return info.Env().Undefined();
}

// latencyBounds(): a Float64Array of the lower bounds in nanoseconds of the buckets of
// latencyCounts(), followed by the upper bound of the last one.
Napi::Value LatencyBounds(const Napi::CallbackInfo& info) {
  Napi::Float64Array bounds = Napi::Float64Array::New(info.Env(), Histogram::kBuckets + 1);
  for (size_t i = 0; i <= Histogram::kBuckets; ++i) bounds[i] = Histogram::BeginOf(i);
  return bounds;
}

// censusColumns: [{name, bytes, infoBytes}], in their order in the buffer.
Napi::Array CensusColumns(Napi::Env env) {
  Napi::Array columns = Napi::Array::New(env);
  uint32_t i = 0;
  for (const CensusSheet::Column& column : kCensusColumns) {
    Napi::Object object = Napi::Object::New(env);
    object["name"] = column.name;
    object["bytes"] = static_cast<double>(column.bytes);
    object["infoBytes"] = static_cast<double>(column.info_bytes);
    columns[i++] = object;
  }
  return columns;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Napi::Array names = Napi::Array::New(env, kCounterCount);
  for (uint32_t i = 0; i < kCounterCount; ++i) names[i] = Napi::String::New(env, kCounterNames[i]);
  exports["counterNames"] = names;
  exports["descriptorLimit"] = Napi::Function::New(env, DescriptorLimit, "descriptorLimit");
  exports["tryThreads"] = Napi::Function::New(env, CheckThreads, "tryThreads");
  exports["privateTables"] = Napi::Function::New(env, PrivateTables, "privateTables");
  exports["censusColumns"] = CensusColumns(env);
  exports["censusRowBytes"] = static_cast<double>(CensusSheet::kRowBytes);
  exports["latencyBounds"] = Napi::Function::New(env, LatencyBounds, "latencyBounds");
  exports["readTracefs"] = Napi::Function::New(env, ReadTracefsFile, "readTracefs");
  exports["mostSynRetries"] = Napi::Number::New(env, ConnectionStates::kMostSynRetries);
  exports["Drops"] = DropsWrap::Define(env);
  exports["surveySockets"] = Napi::Function::New(env, SurveySockets, "surveySockets");
  exports["neighbourTables"] = Napi::Function::New(env, NeighborTablesCall, "neighbourTables");
  exports["findPortUse"] = Napi::Function::New(env, FindPortUseCall, "findPortUse");
  exports["listDevices"] = Napi::Function::New(env, ListDevicesCall, "listDevices");
  exports["findRoute"] = Napi::Function::New(env, FindRouteCall, "findRoute");
  exports["nextHop"] = Napi::Function::New(env, NextHopCall, "nextHop");
  exports["Run"] = RunWrap::Define(env);
  return exports;
}

}  // namespace
}  // namespace c1m

// The macro builds names from its second argument, so the argument must not be qualified.
static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  return c1m::Init(env, exports);
}
NODE_API_MODULE(c1m_native, InitAddon)
