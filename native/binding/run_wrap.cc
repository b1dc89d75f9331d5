#include "native/binding/run_wrap.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "native/binding/arguments.h"
#include "native/binding/convert.h"
#include "native/binding/run_options.h"

namespace c1m {
namespace {

// More connections than any run can have.
constexpr double kMostRows = 1e12;

// Small enough to be multiplied without overflow.
constexpr double kMostPeriodMs = 100'000'000;

ProofOrder::Action ReadAction(Napi::Env env, const std::string& action) {
  if (action == "choose") return ProofOrder::Action::kChoose;
  if (action == "ask") return ProofOrder::Action::kAsk;
  if (action == "look") return ProofOrder::Action::kLook;
  if (action == "end") return ProofOrder::Action::kEnd;
  if (action == "judge") return ProofOrder::Action::kJudge;
  throw Napi::TypeError::New(env, "unknown action: " + action);
}

// V8 ends the process if it can't allocate a buffer, so the allocation is tried first.
bool HasMemory(size_t bytes) {
  if (bytes == 0) return true;
  void* memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, /*offset=*/0);
  return memory != MAP_FAILED && ::munmap(memory, bytes) == 0;
}

const char* EventName(Run::Event event) {
  if (event == Run::Event::kCensused) return "censused";
  return event == Run::Event::kRamped ? "ramped" : "closed";
}

}  // namespace

Napi::Function RunWrap::Define(Napi::Env env) {
  return DefineClass(env, "Run",
                     {
                         InstanceMethod<&RunWrap::Start>("start"),
                         InstanceMethod<&RunWrap::Close>("close"),
                         InstanceMethod<&RunWrap::Join>("join"),
                         InstanceMethod<&RunWrap::Snapshot>("snapshot"),
                         InstanceMethod<&RunWrap::Latency>("latency"),
                         InstanceMethod<&RunWrap::LatencyCounts>("latencyCounts"),
                         InstanceMethod<&RunWrap::Targets>("targets"),
                         InstanceMethod<&RunWrap::Errors>("errors"),
                         InstanceMethod<&RunWrap::EarlyEnds>("earlyEnds"),
                         InstanceMethod<&RunWrap::WrongAnswer>("wrongAnswer"),
                         InstanceMethod<&RunWrap::IcmpErrors>("icmpErrors"),
                         InstanceMethod<&RunWrap::Status>("status"),
                         InstanceMethod<&RunWrap::TakeCensus>("takeCensus"),
                         InstanceMethod<&RunWrap::CensusTaken>("censusTaken"),
                         InstanceMethod<&RunWrap::Prove>("prove"),
                         InstanceMethod<&RunWrap::Proven>("proven"),
                     });
}

RunWrap::RunWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RunWrap>(info) {
  if (!info[1].IsFunction()) throw Napi::TypeError::New(info.Env(), "onEvent must be a function");
  run_ =
      std::make_unique<Run>(ReadRunOptions(info[0]), [this](Run::Event event) { Notify(event); });
  on_event_ = Napi::Persistent(info[1].As<Napi::Function>());
}

RunWrap::~RunWrap() { run_.reset(); }

// start(): the listening addresses as "address:port" strings; throws {errno, syscall} if the run
// can't start.
Napi::Value RunWrap::Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (phase_ != Phase::kNew) throw Napi::Error::New(env, "the run was already started");
  phase_ = Phase::kStarting;
  notify_ = Napi::ThreadSafeFunction::New(env, on_event_.Value(), "c1m-native", 0, 1);
  // The function most likely refers to this object; with a second reference neither could be
  // garbage collected.
  on_event_.Reset();
  // Hooks run in reverse order, so this one runs before that of the thread-safe function, which our
  // threads call.
  ::napi_add_env_cleanup_hook(env, OnEnvironmentExit, this);
  Ref();
  phase_ = Phase::kRunning;
  const auto listening = run_->Start();
  if (!listening.ok()) {
    const SysError error = listening.error();
    End();
    throw SystemError(env, error);
  }
  Napi::Array addresses = Napi::Array::New(env, listening.value().size());
  uint32_t i = 0;
  for (const SocketAddress& address : listening.value()) addresses[i++] = address.ToString();
  return addresses;
}

// close(): begins to close every socket; the event 'closed' follows.
Napi::Value RunWrap::Close(const Napi::CallbackInfo& info) {
  run_->Close();
  return info.Env().Undefined();
}

// join(): must be called after 'closed'; joins the threads and lets the process exit.
Napi::Value RunWrap::Join(const Napi::CallbackInfo& info) {
  if (phase_ == Phase::kRunning) End();
  return info.Env().Undefined();
}

void RunWrap::End() {
  run_->Close();
  run_->Join();
  ::napi_remove_env_cleanup_hook(Env(), OnEnvironmentExit, this);
  notify_.Release();
  Unref();
  phase_ = Phase::kEnded;
}

void RunWrap::OnEnvironmentExit(void* wrap) {
  Run& run = *static_cast<RunWrap*>(wrap)->run_;
  run.Close();
  run.Join();
}

void RunWrap::Notify(Run::Event event) {
  // Fails only while the environment is being torn down, when there is no listener left.
  (void)notify_.BlockingCall([event](Napi::Env env, Napi::Function on_event) {
    on_event.Call({Napi::String::New(env, EventName(event))});
  });
}

// snapshot(into: Float64Array): writes the sums of all tables' counters in the order of
// counterNames.
Napi::Value RunWrap::Snapshot(const Napi::CallbackInfo& info) {
  const std::span<double> into = Doubles(info[0], kCounterCount);
  const CounterTotals totals = run_->Totals();
  for (size_t i = 0; i < kCounterCount; ++i) into[i] = static_cast<double>(totals[i]);
  return info.Env().Undefined();
}

// takeCensus(capacity, stride, offset): whether the census has begun; the event 'censused' follows.
Napi::Value RunWrap::TakeCensus(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto capacity = Whole<size_t>(info[0], "capacity", 0, kMostRows);
  const auto stride = Whole<uint32_t>(info[1], "stride", 1, UINT32_MAX);
  const auto offset = Whole<uint32_t>(info[2], "offset", 0, UINT32_MAX);
  // The last census may still be in progress, or its result may not have been fetched yet.
  if (census_ || proof_) return Napi::Boolean::New(env, false);
  const size_t bytes = CensusSheet::BytesFor(capacity);
  if (!HasMemory(bytes))
    throw Napi::RangeError::New(
        env, "not enough memory for a census of " + std::to_string(capacity) + " connections");
  Napi::ArrayBuffer memory = Napi::ArrayBuffer::New(env, bytes);
  auto sheet = std::make_unique<CensusSheet>(
      std::span(static_cast<std::byte*>(memory.Data()), bytes), capacity);
  const bool begun = run_->TakeCensus({.sheet = sheet.get(), .stride = stride, .offset = offset});
  if (begun) {
    census_ = std::move(sheet);
    census_memory_ = Napi::Persistent(memory);
  }
  return Napi::Boolean::New(env, begun);
}

// censusTaken(): must be called after 'censused'; returns {buffer, capacity, rows, missed,
// infoBytes}.
Napi::Value RunWrap::CensusTaken(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!census_ || run_->census_under_way())
    throw Napi::Error::New(env, "there is no finished census");
  const auto census = std::exchange(census_, nullptr);
  const Napi::ArrayBuffer memory = census_memory_.Value();
  census_memory_.Reset();
  Napi::Object object = Napi::Object::New(env);
  object["buffer"] = memory;
  object["capacity"] = static_cast<double>(census->capacity());
  object["rows"] = static_cast<double>(census->rows());
  object["missed"] = static_cast<double>(census->missed());
  object["infoBytes"] = static_cast<double>(census->info_bytes());
  return object;
}

// prove(action, stride, periodMs): whether the step has begun; the event 'censused' follows.
Napi::Value RunWrap::Prove(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string action = Text(info[0], "action");
  const auto stride = Whole<uint32_t>(info[1], "stride", 1, UINT32_MAX);
  const auto period_ms = Whole<uint32_t>(info[2], "periodMs", 0, kMostPeriodMs);
  if (census_ || proof_) return Napi::Boolean::New(env, false);
  auto tally = std::make_unique<ProofTally>();
  const bool begun = run_->TakeCensus({.proof = {.tally = tally.get(),
                                                 .action = ReadAction(env, action),
                                                 .stride = stride,
                                                 .period_ms = period_ms}});
  if (begun) proof_ = std::move(tally);
  return Napi::Boolean::New(env, begun);
}

// proven(): must be called after the 'censused' of prove(); returns the sums.
Napi::Value RunWrap::Proven(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!proof_ || run_->census_under_way())
    throw Napi::Error::New(env, "there is no finished proof");
  const auto tally = std::exchange(proof_, nullptr);
  Napi::Object object = Napi::Object::New(env);
#define C1M_SET(name, label) object[label] = static_cast<double>(tally->name.load());
  C1M_PROOF_SUMS(C1M_SET)
#undef C1M_SET
  object["longestSilenceMs"] = static_cast<double>(tally->longest_silence_ms.load());
  return object;
}

}  // namespace c1m
