#include "native/binding/convert.h"

#include <string>
#include <system_error>

namespace c1m {

Napi::Object ToObject(Napi::Env env, const Histogram::Summary& summary) {
  Napi::Object object = Napi::Object::New(env);
  object["count"] = static_cast<double>(summary.count);
  object["meanNs"] = summary.mean_ns;
  object["p50Ns"] = summary.p50_ns;
  object["p90Ns"] = summary.p90_ns;
  object["p99Ns"] = summary.p99_ns;
  object["p999Ns"] = summary.p999_ns;
  object["maxNs"] = summary.max_ns;
  return object;
}

Napi::Error SystemError(Napi::Env env, const SysError& error) {
  Napi::Error made = Napi::Error::New(
      env, std::string(error.syscall) + ": " + std::generic_category().message(error.code));
  made.Set("errno", Napi::Number::New(env, error.code));
  made.Set("syscall", Napi::String::New(env, error.syscall));
  return made;
}

}  // namespace c1m
