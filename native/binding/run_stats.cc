// The latencies, targets and failures of a run for JavaScript.
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "native/binding/arguments.h"
#include "native/binding/convert.h"
#include "native/binding/run_wrap.h"

namespace c1m {

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

// latencyCounts('connect' | 'connectFirstTry' | 'exchange'): a Float64Array with two numbers for
// each non-empty bucket of latencyBounds, in ascending order: its index and its count.
Napi::Value RunWrap::LatencyCounts(const Napi::CallbackInfo& info) {
  const std::string kind = Text(info[0], "kind");
  std::vector<double> counts(Histogram::kBuckets);
  if (kind == "exchange") {
    run_->AddExchangeCounts(counts);
  } else if (kind == "connect" || kind == "connectFirstTry") {
    run_->AddConnectCounts(kind == "connectFirstTry", counts);
  } else {
    throw Napi::TypeError::New(info.Env(), "unknown latency: " + kind);
  }
  const size_t empty = static_cast<size_t>(std::count(counts.begin(), counts.end(), 0));
  Napi::Float64Array figures = Napi::Float64Array::New(info.Env(), 2 * (counts.size() - empty));
  size_t i = 0;
  for (size_t bucket = 0; bucket < counts.size(); ++bucket) {
    if (counts[bucket] == 0) continue;
    figures[i++] = static_cast<double>(bucket);
    figures[i++] = counts[bucket];
  }
  return figures;
}

// targets(): a Float64Array with four numbers per target: established, failed, closed by the peer,
// exchanges failed.
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

// earlyEnds(): [{cause, count, first, ..., example, and fields of TCP_INFO of the example}]
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

// wrongAnswer(): {connection, offset, expected, received} with Buffers as the last two, or null.
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

}  // namespace c1m
