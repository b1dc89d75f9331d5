#include "native/binding/survey.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/binding/arguments.h"
#include "native/binding/convert.h"
#include "native/engine/measure/socket_survey.h"

namespace c1m {
namespace {

Napi::Array ToArray(Napi::Env env, const SocketSurvey::StateCounts& states) {
  Napi::Array array = Napi::Array::New(env, states.size());
  for (uint32_t i = 0; i < states.size(); ++i) array[i] = static_cast<double>(states[i]);
  return array;
}

Napi::Value ToObject(Napi::Env env, const SocketSurvey::Listener& listener) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Uint8Array address = Napi::Uint8Array::New(env, listener.address.size());
  std::memcpy(address.Data(), listener.address.data(), listener.address.size());
  object["address"] = address;
  object["port"] = static_cast<double>(listener.port);
  object["queued"] = static_cast<double>(listener.queued);
  object["backlog"] = static_cast<double>(listener.backlog);
  object["uid"] = static_cast<double>(listener.uid);
  object["inode"] = static_cast<double>(listener.inode);
  object["drops"] =
      listener.drops ? Napi::Number::New(env, *listener.drops).As<Napi::Value>() : env.Null();
  return object;
}

Napi::Value ToObject(Napi::Env env, const SocketSurvey::Port& port) {
  Napi::Object object = Napi::Object::New(env);
  object["port"] = static_cast<double>(port.port);
  object["states"] = ToArray(env, port.states);
  object["synAckRetransmits"] = static_cast<double>(port.syn_ack_retransmits);
  object["accepted"] = static_cast<double>(port.accepted);
  object["closeWait"] = static_cast<double>(port.close_wait);
  object["quietCloseWait"] = static_cast<double>(port.quiet_close_wait);
  object["quietCloseWaitUnread"] = static_cast<double>(port.quiet_close_wait_unread);
  object["windowClosed"] = static_cast<double>(port.window_closed);
  object["unanswered"] = static_cast<double>(port.unanswered);
  object["longestWaitMs"] = static_cast<double>(port.longest_wait_ms);
  return object;
}

Napi::Value ToObject(Napi::Env env, const SocketSurvey::Unread& unread) {
  Napi::Object object = Napi::Object::New(env);
  // A string, because the cookie has 64 bits and a number only 53.
  object["cookie"] = Napi::String::New(env, std::to_string(unread.cookie));
  object["port"] = static_cast<double>(unread.port);
  object["inode"] = static_cast<double>(unread.inode);
  object["bytes"] = static_cast<double>(unread.bytes);
  object["read"] = static_cast<double>(unread.read);
  return object;
}

Napi::Array ToArray(Napi::Env env, const std::vector<uint32_t>& numbers) {
  Napi::Array array = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); ++i) array[i] = static_cast<double>(numbers[i]);
  return array;
}

Napi::Value ToObject(Napi::Env env, const SocketSurvey::Figures& figures) {
  Napi::Object object = Napi::Object::New(env);
  object["sockets"] = static_cast<double>(figures.sockets);
  object["retransmits"] = static_cast<double>(figures.retransmits);
  object["withRetransmit"] = static_cast<double>(figures.with_retransmit);
  object["inTimeout"] = static_cast<double>(figures.in_timeout);
  object["unread"] = static_cast<double>(figures.unread);
  object["unreadBytes"] = static_cast<double>(figures.unread_bytes);
  object["unacknowledged"] = static_cast<double>(figures.unacknowledged);
  object["unacknowledgedBytes"] = static_cast<double>(figures.unacknowledged_bytes);
  object["withoutWindowScaling"] = static_cast<double>(figures.without_window_scaling);
  object["withoutSack"] = static_cast<double>(figures.without_sack);
  object["withoutTimestamps"] = static_cast<double>(figures.without_timestamps);
  return object;
}

template <typename Items>
Napi::Array ToArray(Napi::Env env, const Items& items) {
  Napi::Array array = Napi::Array::New(env, items.size());
  uint32_t i = 0;
  for (const auto& item : items) array[i++] = ToObject(env, item);
  return array;
}

class SurveyTask : public Napi::AsyncWorker {
 public:
  SurveyTask(Napi::Env env, SurveyOptions options)
      : Napi::AsyncWorker(env, "c1m-native:survey"),
        deferred_(Napi::Promise::Deferred::New(env)),
        options_(std::move(options)) {}

  [[nodiscard]] Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { error_ = survey_->Take(options_); }

  void OnOK() override {
    const Napi::Env env = Env();
    if (error_) {
      deferred_.Reject(SystemError(env, *error_).Value());
      return;
    }
    Napi::Object object = Napi::Object::New(env);
    object["listeners"] = ToArray(env, survey_->listeners());
    object["ports"] = ToArray(env, survey_->ports());
    object["unread"] = ToArray(env, survey_->unread());
    object["quietInodes"] = ToArray(env, survey_->quiet_inodes());
    object["states"] = ToArray(env, survey_->states());
    object["figures"] = ToObject(env, survey_->figures());
    object["roundTrips"] = c1m::ToObject(env, survey_->RoundTrips());
    deferred_.Resolve(object);
  }

 private:
  const Napi::Promise::Deferred deferred_;
  const SurveyOptions options_;
  // On the heap, because its histogram is too large for a stack.
  const std::unique_ptr<SocketSurvey> survey_ = std::make_unique<SocketSurvey>();
  std::optional<SysError> error_;
};

}  // namespace

Napi::Value SurveySockets(const Napi::CallbackInfo& info) {
  const Napi::Object object = AsObject(info[0], "options");
  SurveyOptions options;
  options.local = ReadLocalEndpoints(object, "local");
  if (options.local.size() > kMaxLocalEndpoints)
    Reject(info.Env(), "local", "at most " + std::to_string(kMaxLocalEndpoints) + " endpoints");
  options.listeners_only = object.Get("listenersOnly").ToBoolean();
  auto* task = new SurveyTask(info.Env(), std::move(options));  // deletes itself when done
  task->Queue();
  return task->promise();
}

}  // namespace c1m
