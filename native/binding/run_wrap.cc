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

// More connections than any run has.
constexpr double kMostRows = 1e12;

// Far below what would overflow when it is multiplied.
constexpr double kMostPeriodMs = 100'000'000;

ProofOrder::Action ReadAction(Napi::Env env, const std::string& action) {
  if (action == "choose") return ProofOrder::Action::kChoose;
  if (action == "ask") return ProofOrder::Action::kAsk;
  if (action == "look") return ProofOrder::Action::kLook;
  if (action == "end") return ProofOrder::Action::kEnd;
  if (action == "judge") return ProofOrder::Action::kJudge;
  throw Napi::TypeError::New(env, "unknown action: " + action);
}

// V8 ends the process where it can't allocate a buffer, so that is tried before.
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

// start(): the addresses listened on, as "address:port" strings; throws {errno, syscall} when the
// run can't begin.
Napi::Value RunWrap::Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (phase_ != Phase::kNew) throw Napi::Error::New(env, "a run starts once");
  phase_ = Phase::kStarting;
  notify_ = Napi::ThreadSafeFunction::New(env, on_event_.Value(), "c1m-native", 0, 1);
  // The function most likely refers to this object: as a second root it would keep both for ever.
  on_event_.Reset();
  // Hooks run in reverse order, so ours comes before the one of the thread-safe function our
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

// close(): begins to close every socket; 'closed' follows.
Napi::Value RunWrap::Close(const Napi::CallbackInfo& info) {
  run_->Close();
  return info.Env().Undefined();
}

// join(): to be called on 'closed'; ends the threads and lets the process exit.
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
  // Fails only while the environment is going away, when no listener is left.
  (void)notify_.BlockingCall([event](Napi::Env env, Napi::Function on_event) {
    on_event.Call({Napi::String::New(env, EventName(event))});
  });
}

// snapshot(into: Float64Array): the sums of all tables' counters, in the order of counterNames.
Napi::Value RunWrap::Snapshot(const Napi::CallbackInfo& info) {
  const std::span<double> into = Doubles(info[0], kCounterCount);
  const CounterTotals totals = run_->Totals();
  for (size_t i = 0; i < kCounterCount; ++i) into[i] = static_cast<double>(totals[i]);
  return info.Env().Undefined();
}

// latency('connect' | 'connectFirstTry' | 'exchange' | 'lateness')
Napi::Value RunWrap::Latency(const Napi::CallbackInfo& info) {
  const std::string kind = Text(info[0], "kind");
  if (kind == "connect")
    return ToObject(info.Env(), run_->ConnectLatency(/*first_try_only=*/false));
  if (kind == "connectFirstTry")
    return ToObject(info.Env(), run_->ConnectLatency(/*first_try_only=*/true));
  if (kind == "exchange") return ToObject(info.Env(), run_->ExchangeLatency());
  if (kind == "lateness") return ToObject(info.Env(), run_->Lateness());
  throw Napi::TypeError::New(info.Env(), "unknown latency: " + kind);
}

// latencyCounts('connect' | 'connectFirstTry' | 'exchange', into: Float64Array): how many took as
// long as each bucket of latencyBounds says.
Napi::Value RunWrap::LatencyCounts(const Napi::CallbackInfo& info) {
  const std::string kind = Text(info[0], "kind");
  const std::span<double> into = Doubles(info[1], Histogram::kBuckets);
  std::fill(into.begin(), into.end(), 0);
  if (kind == "exchange") {
    run_->AddExchangeCounts(into);
  } else if (kind == "connect" || kind == "connectFirstTry") {
    run_->AddConnectCounts(kind == "connectFirstTry", into);
  } else {
    throw Napi::TypeError::New(info.Env(), "no counts of latency: " + kind);
  }
  return info.Env().Undefined();
}

// targets(): a Float64Array of four figures for each target: established, failed, closed by the
// peer, exchanges failed.
Napi::Value RunWrap::Targets(const Napi::CallbackInfo& info) {
  const std::vector<TargetTotals> targets = run_->Targets();
  Napi::Float64Array figures = Napi::Float64Array::New(info.Env(), targets.size() * 4);
  size_t i = 0;
  for (const TargetTotals& target : targets) {
    figures[i++] = static_cast<double>(target.established);
    figures[i++] = static_cast<double>(target.failed);
    figures[i++] = static_cast<double>(target.closed_by_peer);
    figures[i++] = static_cast<double>(target.exchanges_failed);
  }
  return figures;
}

// errors(): [{phase, errno, count, example, firstNs}]
Napi::Value RunWrap::Errors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  uint32_t i = 0;
  for (const ErrorTally::Entry& entry : run_->Errors()) {
    Napi::Object object = Napi::Object::New(env);
    object["phase"] = PhaseName(entry.phase);
    object["errno"] = entry.code;
    object["count"] = static_cast<double>(entry.count);
    object["example"] = entry.example;
    object["firstNs"] =
        static_cast<double>(std::max<int64_t>(0, entry.first_ns - run_->started_ns()));
    list[i++] = object;
  }
  return list;
}

// earlyEnds(): [{cause, count, first, ..., example, and TCP_INFO of that connection}]
Napi::Value RunWrap::EarlyEnds(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  uint32_t i = 0;
  for (const auto& entry : run_->Ends()) {
    Napi::Object object = Napi::Object::New(env);
    object["cause"] = EndCauseName(entry.cause);
    object["count"] = static_cast<double>(entry.count);
    object["first"] = static_cast<double>(entry.first);
    object["partial"] = static_cast<double>(entry.partial);
    object["unheard"] = static_cast<double>(entry.unheard);
    object["resent"] = static_cast<double>(entry.resent);
    object["quietP10Ns"] = entry.quiet.p10_ns;
    object["quietP50Ns"] = entry.quiet.p50_ns;
    object["quietP90Ns"] = entry.quiet.p90_ns;
    object["example"] = entry.example;
    object["sndMss"] = static_cast<double>(entry.info.snd_mss);
    object["rttUs"] = static_cast<double>(entry.info.rtt_us);
    object["rtoUs"] = static_cast<double>(entry.info.rto_us);
    object["unacked"] = static_cast<double>(entry.info.unacked);
    object["sacked"] = static_cast<double>(entry.info.sacked);
    object["retransmits"] = static_cast<double>(entry.info.total_retrans);
    object["notSentBytes"] = static_cast<double>(entry.info.notsent_bytes);
    object["sndWnd"] = static_cast<double>(entry.info.snd_wnd);
    object["segsIn"] = static_cast<double>(entry.info.segs_in);
    object["outOfOrder"] = static_cast<double>(entry.info.rcv_ooopack);
    list[i++] = object;
  }
  return list;
}

// icmpErrors(): [{from, version, type, code, target, count}]
Napi::Value RunWrap::IcmpErrors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  uint32_t i = 0;
  for (const IcmpTally::Entry& entry : run_->IcmpErrors()) {
    Napi::Object object = Napi::Object::New(env);
    object["from"] = entry.error.from;
    object["version"] = entry.error.family == AF_INET6 ? 6 : 4;
    object["type"] = static_cast<int>(entry.error.type);
    object["code"] = static_cast<int>(entry.error.code);
    object["target"] = entry.target;
    object["count"] = static_cast<double>(entry.count);
    list[i++] = object;
  }
  return list;
}

// wrongAnswer(): {connection, offset, expected, received}, the latter two Buffers; null without one
Napi::Value RunWrap::WrongAnswer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto sample = run_->Wrong();
  if (!sample) return env.Null();
  const auto bytes = [&](const std::string& text) {
    return Napi::Buffer<char>::Copy(env, text.data(), text.size());
  };
  Napi::Object object = Napi::Object::New(env);
  object["connection"] = sample->connection;
  object["offset"] = static_cast<double>(sample->offset);
  object["expected"] = bytes(sample->expected);
  object["received"] = bytes(sample->received);
  return object;
}

// status(): {dialingNs, dialedPeak, acceptedPeak, shortestRestNs, tables, privateTables,
// tuplesUsedUp, tablesUsedUp}
Napi::Value RunWrap::Status(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  object["dialingNs"] = static_cast<double>(run_->DialingNs());
  object["dialedPeak"] = static_cast<double>(run_->dialed_peak());
  object["acceptedPeak"] = static_cast<double>(run_->accepted_peak());
  object["shortestRestNs"] = static_cast<double>(run_->ShortestRestNs());
  object["tables"] = static_cast<double>(run_->table_count());
  object["privateTables"] = Napi::Boolean::New(info.Env(), run_->private_tables());
  object["tuplesUsedUp"] = Napi::Boolean::New(info.Env(), run_->tuples_used_up());
  object["tablesUsedUp"] = Napi::Boolean::New(info.Env(), run_->tables_used_up());
  return object;
}

// takeCensus(capacity, stride, offset): whether it has begun; 'censused' follows.
Napi::Value RunWrap::TakeCensus(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto capacity = Whole<size_t>(info[0], "capacity", 0, kMostRows);
  const auto stride = Whole<uint32_t>(info[1], "stride", 1, UINT32_MAX);
  const auto offset = Whole<uint32_t>(info[2], "offset", 0, UINT32_MAX);
  // The last one may still be written, or wait to be fetched.
  if (census_ || proof_) return Napi::Boolean::New(env, false);
  const size_t bytes = CensusSheet::BytesFor(capacity);
  if (!HasMemory(bytes))
    throw Napi::RangeError::New(env,
                                "no memory for " + std::to_string(capacity) + " rows of a census");
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

// censusTaken(): to be called on 'censused'; {buffer, capacity, rows, missed, infoBytes}.
Napi::Value RunWrap::CensusTaken(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!census_ || run_->census_under_way()) throw Napi::Error::New(env, "no census was taken");
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

// prove(action, stride, periodMs): whether the step has begun; 'censused' follows.
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

// proven(): to be called on 'censused' after prove(); the sums.
Napi::Value RunWrap::Proven(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!proof_ || run_->census_under_way()) throw Napi::Error::New(env, "nothing was proven");
  const auto tally = std::exchange(proof_, nullptr);
  Napi::Object object = Napi::Object::New(env);
#define C1M_SET(name, label) object[label] = static_cast<double>(tally->name.load());
  C1M_PROOF_SUMS(C1M_SET)
#undef C1M_SET
  object["longestSilenceMs"] = static_cast<double>(tally->longest_silence_ms.load());
  return object;
}

}  // namespace c1m
