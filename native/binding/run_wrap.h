// The JavaScript class Run: checks arguments, calls the engine, converts results.
#pragma once

#include <napi.h>

#include <memory>

#include "native/engine/measure/census.h"
#include "native/engine/measure/proof.h"
#include "native/engine/run/run.h"

namespace c1m {

class RunWrap : public Napi::ObjectWrap<RunWrap> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new Run(config, onEvent): onEvent('ramped' | 'censused' | 'closed') is called on the JavaScript
  // thread.
  explicit RunWrap(const Napi::CallbackInfo& info);
  ~RunWrap() override;
  RunWrap(const RunWrap&) = delete;
  RunWrap& operator=(const RunWrap&) = delete;

 private:
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value Join(const Napi::CallbackInfo& info);
  Napi::Value Snapshot(const Napi::CallbackInfo& info);
  Napi::Value Latency(const Napi::CallbackInfo& info);
  Napi::Value LatencyCounts(const Napi::CallbackInfo& info);
  Napi::Value Targets(const Napi::CallbackInfo& info);
  Napi::Value Errors(const Napi::CallbackInfo& info);
  Napi::Value EarlyEnds(const Napi::CallbackInfo& info);
  Napi::Value WrongAnswer(const Napi::CallbackInfo& info);
  Napi::Value IcmpErrors(const Napi::CallbackInfo& info);
  Napi::Value Status(const Napi::CallbackInfo& info);
  Napi::Value TakeCensus(const Napi::CallbackInfo& info);
  Napi::Value CensusTaken(const Napi::CallbackInfo& info);
  Napi::Value Prove(const Napi::CallbackInfo& info);
  Napi::Value Proven(const Napi::CallbackInfo& info);

  // Called when the environment is torn down (process exit, worker.terminate()): closes every
  // socket and joins every thread.
  static void OnEnvironmentExit(void* wrap);
  void Notify(Run::Event event);
  void End();

  std::unique_ptr<Run> run_;
  Napi::FunctionReference on_event_;
  // The census whose result has not been fetched yet, and the buffer it writes to, which JavaScript
  // cannot access until then.
  std::unique_ptr<CensusSheet> census_;
  Napi::Reference<Napi::ArrayBuffer> census_memory_;
  // The same for a step of a proof.
  std::unique_ptr<ProofTally> proof_;
  Napi::ThreadSafeFunction notify_;
  enum class Phase : uint8_t { kNew, kStarting, kRunning, kEnded };
  Phase phase_ = Phase::kNew;
};

}  // namespace c1m
