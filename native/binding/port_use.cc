#include "native/binding/port_use.h"

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "native/binding/arguments.h"
#include "native/binding/convert.h"
#include "native/engine/measure/port_use.h"

namespace c1m {
namespace {

Napi::Uint8Array Bytes(Napi::Env env, const std::array<uint8_t, 16>& address) {
  Napi::Uint8Array bytes = Napi::Uint8Array::New(env, address.size());
  std::memcpy(bytes.Data(), address.data(), address.size());
  return bytes;
}

Napi::Object ToObject(Napi::Env env, const PortUse& use) {
  Napi::Object object = Napi::Object::New(env);
  object["localAddress"] = Bytes(env, use.local_address);
  object["remoteAddress"] = Bytes(env, use.remote_address);
  object["remotePort"] = static_cast<double>(use.remote_port);
  object["timeWaits"] = static_cast<double>(use.time_waits);
  object["others"] = static_cast<double>(use.others);
  object["outside"] = static_cast<double>(use.outside);
  return object;
}

class PortUseTask : public Napi::AsyncWorker {
 public:
  PortUseTask(Napi::Env env, EphemeralRange range, uint32_t least)
      : Napi::AsyncWorker(env, "c1m-native:port-use"),
        deferred_(Napi::Promise::Deferred::New(env)),
        range_(range),
        least_(least) {}

  [[nodiscard]] Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    auto found = FindPortUse(range_, least_);
    if (found.ok()) {
      found_ = std::move(found.value());
    } else {
      error_ = found.error();
    }
  }

  void OnOK() override {
    const Napi::Env env = Env();
    if (error_) {
      deferred_.Reject(SystemError(env, *error_).Value());
      return;
    }
    Napi::Array array = Napi::Array::New(env, found_.size());
    for (uint32_t i = 0; i < found_.size(); ++i) array[i] = ToObject(env, found_[i]);
    deferred_.Resolve(array);
  }

 private:
  const Napi::Promise::Deferred deferred_;
  const EphemeralRange range_;
  const uint32_t least_;
  std::vector<PortUse> found_;
  std::optional<SysError> error_;
};

}  // namespace

Napi::Value FindPortUseCall(const Napi::CallbackInfo& info) {
  const Napi::Object object = AsObject(info[0], "options");
  const auto first = Whole<uint16_t>(object.Get("firstPort"), "firstPort", 1, UINT16_MAX);
  const auto last = Whole<uint16_t>(object.Get("lastPort"), "lastPort", first, UINT16_MAX);
  const auto least = Whole<uint32_t>(object.Get("least"), "least", 1, UINT16_MAX);
  auto* task =
      new PortUseTask(info.Env(), {.first = first, .last = last}, least);  // deletes itself
  task->Queue();
  return task->promise();
}

}  // namespace c1m
