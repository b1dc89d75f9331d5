// The JavaScript class Drops, and the one file system call it needs before.
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

// readTracefs(path): the text of a file; throws {errno, syscall}.
Napi::Value ReadTracefsFile(const Napi::CallbackInfo& info);

}  // namespace c1m
