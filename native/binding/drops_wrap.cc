#include "native/binding/drops_wrap.h"

#include <utility>

#include "native/binding/arguments.h"
#include "native/binding/convert.h"
#include "native/net/tracefs.h"

namespace c1m {
namespace {

// Far above any offset in a structure of the kernel.
constexpr double kMostOffset = 1 << 20;

// Far above the number of reasons of any kernel. It must be limited because jumps in the program
// are 16 bits wide.
constexpr size_t kMostReasons = 4096;

uint32_t Offset(Napi::Object object, const char* field) {
  return Whole<uint32_t>(object, field, 0, kMostOffset);
}

DropTracepoint ReadTracepoint(Napi::Object object) {
  DropTracepoint tracepoint;
  tracepoint.id = Whole<uint64_t>(object, "id", 0, 1e9);
  tracepoint.filter = Text(object, "filter");
  tracepoint.location_offset = Offset(object, "locationOffset");
  tracepoint.reason_offset = Offset(object, "reasonOffset");
  tracepoint.reason_bytes = Offset(object, "reasonBytes");
  return tracepoint;
}

KernelLayout ReadLayout(Napi::Object object) {
  return {.skb_protocol = Offset(object, "skbProtocol"),
          .skb_head = Offset(object, "skbHead"),
          .skb_network_header = Offset(object, "skbNetworkHeader"),
          .skb_sk = Offset(object, "skbSk"),
          .skb_dev = Offset(object, "skbDev"),
          .sock_net = Offset(object, "sockNet"),
          .dev_net = Offset(object, "devNet"),
          .net_inode = Offset(object, "netInode")};
}

DropFilter ReadFilter(Napi::Object object) {
  DropFilter filter;
  filter.layout = ReadLayout(AsObject(object.Get("layout"), "layout"));
  EachValueOf(object, "ignoredReasons", [&](Napi::Value reason) {
    if (filter.ignored_reasons.size() == kMostReasons) {
      Reject(object.Env(), "ignoredReasons",
             "at most " + std::to_string(kMostReasons) + " numbers");
    }
    filter.ignored_reasons.push_back(Whole<uint32_t>(reason, "ignoredReasons", 0, UINT32_MAX));
  });
  filter.net_inode = Whole<uint32_t>(object, "netInode", 0, UINT32_MAX);
  filter.ends = ReadLocalEndpoints(object, "ends");
  return filter;
}

}  // namespace

Napi::Function DropsWrap::Define(Napi::Env env) {
  return DefineClass(env, "Drops",
                     {
                         InstanceMethod<&DropsWrap::Read>("read"),
                         InstanceMethod<&DropsWrap::Stop>("stop"),
                     });
}

DropsWrap::DropsWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DropsWrap>(info) {
  const Napi::Object object = AsObject(info[0], "options");
  const Napi::Value filter = object.Get("filter");
  auto started =
      filter.IsUndefined()
          ? DropMonitor::Start(ReadTracepoint(AsObject(object.Get("tracepoint"), "tracepoint")))
          : DropMonitor::Start(ReadFilter(AsObject(filter, "filter")));
  if (!started.ok()) throw SystemError(info.Env(), started.error());
  monitor_ = std::move(started.value());
}

// read(): {sites: [{reason, drops, frames}], lost, others}; frames are the low 48 bits of
// addresses.
Napi::Value DropsWrap::Read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const DropMonitor::Report report = monitor_ ? monitor_->Read() : DropMonitor::Report{};
  Napi::Array sites = Napi::Array::New(env, report.counts.size());
  uint32_t i = 0;
  for (const DropMonitor::Count& count : report.counts) {
    Napi::Object site = Napi::Object::New(env);
    site["reason"] = static_cast<double>(count.site.reason);
    site["drops"] = static_cast<double>(count.drops);
    Napi::Array frames = Napi::Array::New(env);
    uint32_t length = 0;
    for (const uint64_t frame : count.site.frames) {
      if (frame != 0) frames[length++] = static_cast<double>(frame & 0xffff'ffff'ffff);
    }
    site["frames"] = frames;
    sites[i++] = site;
  }
  Napi::Object object = Napi::Object::New(env);
  object["sites"] = sites;
  object["lost"] = static_cast<double>(report.lost);
  object["others"] = static_cast<double>(report.others);
  return object;
}

// stop(): stops counting; may be called repeatedly.
Napi::Value DropsWrap::Stop(const Napi::CallbackInfo& info) {
  monitor_.reset();
  return info.Env().Undefined();
}

Napi::Value ReadTracefsFile(const Napi::CallbackInfo& info) {
  const auto text = ReadTracefs(Text(info[0], "path"));
  if (!text.ok()) throw SystemError(info.Env(), text.error());
  return Napi::String::New(info.Env(), text.value());
}

}  // namespace c1m
