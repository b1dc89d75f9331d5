// The JavaScript class Drops, and the function that reads the tracepoint's format file for it.
#pragma once

#include <napi.h>

#include <memory>

#include "native/net/drop_monitor.h"

namespace c1m {

class DropsWrap : public Napi::ObjectWrap<DropsWrap> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new Drops({tracepoint}) or new Drops({filter}); throws {errno, syscall}.
  explicit DropsWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value Read(const Napi::CallbackInfo& info);
  Napi::Value Stop(const Napi::CallbackInfo& info);

  std::unique_ptr<DropMonitor> monitor_;
};

// readTracefs(path): the content of a file of tracefs; throws {errno, syscall}.
Napi::Value ReadTracefsFile(const Napi::CallbackInfo& info);

}  // namespace c1m
