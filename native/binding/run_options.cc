#include "native/binding/run_options.h"

#include <sys/socket.h>

#include <limits>
#include <string>

#include "native/binding/arguments.h"
#include "native/engine/state/connection_states.h"
#include "native/engine/talk/exchange.h"
#include "native/net/clock.h"

namespace c1m {
namespace {

std::vector<SocketAddress> Endpoints(Napi::Object object, const char* field, double least_port) {
  std::vector<SocketAddress> endpoints;
  EachOf(object, field, [&](Napi::Object target) {
    const auto first = Whole<uint32_t>(target, "firstPort", least_port, 65535);
    const auto last = Whole<uint32_t>(target, "lastPort", first, 65535);
    SocketAddress address = Address(target, "address", 0);
    if (endpoints.size() + (last - first + 1) >= ConnectionStates::kTagLimit) {
      Reject(object.Env(), field,
             "fewer than " + std::to_string(ConnectionStates::kTagLimit) + " endpoints");
    }
    for (uint32_t port = first; port <= last; ++port) {
      address.set_port(static_cast<uint16_t>(port));
      endpoints.push_back(address);
    }
  });
  return endpoints;
}

CloseMode ReadCloseMode(Napi::Object object) {
  const std::string mode = Text(object, "close");
  if (mode == "fin") return CloseMode::kFin;
  if (mode == "rst") return CloseMode::kRst;
  Reject(object.Env(), "close", "'fin' or 'rst'");
}

ListenMode ReadListenMode(Napi::Object object) {
  const std::string mode = Text(object, "mode");
  if (mode == "sink") return ListenMode::kSink;
  if (mode == "echo") return ListenMode::kEcho;
  if (mode == "close-first") return ListenMode::kCloseFirst;
  Reject(object.Env(), "mode", "'sink', 'echo' or 'close-first'");
}

// Longer than any run, and still far from overflow in nanoseconds.
constexpr double kMaxMs = 1e12;

// More options than any kernel has for TCP, and enough bytes for any value: the largest, that of
// TCP_MD5SIG, has 216. Limited because every socket of a run sets all of them.
constexpr size_t kMostSocketOptions = 64;
constexpr size_t kMostOptionBytes = 256;

// Reads at most `most` bytes of a Buffer or Uint8Array.
std::string Bytes(Napi::Object object, const char* field, size_t most) {
  const Napi::Value value = object.Get(field);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Reject(object.Env(), field, "a Uint8Array");
  }
  const auto array = value.As<Napi::Uint8Array>();
  if (array.ByteLength() > most)
    Reject(object.Env(), field, "at most " + std::to_string(most) + " bytes");
  return {reinterpret_cast<const char*>(array.Data()), array.ByteLength()};
}

SocketOptions ReadSocketOptions(Napi::Object object) {
  SocketOptions options;
  EachOf(object, "socketOptions", [&](Napi::Object option) {
    if (options.size() == kMostSocketOptions)
      Reject(object.Env(), "socketOptions",
             "at most " + std::to_string(kMostSocketOptions) + " options");
    options.push_back({.family = Whole<int>(option, "family", 0, AF_MAX),
                       .level = Whole<int>(option, "level", 0, 65535),
                       .name = Whole<int>(option, "name", 0, 65535),
                       .value = Bytes(option, "value", kMostOptionBytes)});
  });
  return options;
}

int64_t Nanoseconds(Napi::Object object, const char* field_ms, double least_ms) {
  return static_cast<int64_t>(Number(object, field_ms, least_ms, kMaxMs) * kNsPerMs);
}

ExchangeOptions ReadExchangeOptions(Napi::Object object) {
  ExchangeOptions options;
  options.send = Bytes(object, "send", Exchange::kMaxMessageBytes);
  options.expect = Bytes(object, "expect", Exchange::kMaxAnswerBytes);
  options.expect_bytes = Whole<uint64_t>(object, "expectBytes", 0, Exchange::kMaxAnswerBytes);
  options.every_ns = Nanoseconds(object, "everyMs", 0);
  options.timeout_ns = Nanoseconds(object, "timeoutMs", 1);
  return options;
}

DialOptions ReadDialOptions(Napi::Object object) {
  DialOptions options;
  EachOf(object, "sources", [&](Napi::Object range) {
    const SocketAddress first = Address(range, "first", 0);
    const uint64_t count = first.CountTo(Address(range, "last", 0));
    if (count == 0)
      Reject(object.Env(), "sources", "ranges within one family whose last is not below first");
    options.sources.push_back({.first = first, .count = count});
  });
  EachOf(object, "sourcePorts", [&](Napi::Object range) {
    const auto first = Whole<uint16_t>(range, "first", 1, 65535);
    options.source_ports.push_back(
        {.first = first, .last = Whole<uint16_t>(range, "last", first, 65535)});
  });
  options.shard.count = Whole<uint32_t>(object, "shardCount", 1, 65535);
  options.shard.index = Whole<uint32_t>(object, "shardIndex", 0, options.shard.count - 1);
  options.seed = Whole<uint32_t>(object, "seed", 0, UINT32_MAX);
  options.targets = Endpoints(object, "targets", 1);
  options.connections = Whole<uint64_t>(object, "connections", 1, 1e12);
  options.window = Whole<uint32_t>(object, "window", 1, 1 << 24);
  options.connect_timeout_ns = Nanoseconds(object, "connectTimeoutMs", 1);
  options.syn_retries = Whole<int>(object, "synRetries", 0, 127);
  options.socket_options = ReadSocketOptions(object);
  EachOf(object, "rate", [&](Napi::Object point) {
    const RatePoint next{.at_ns = Nanoseconds(point, "atMs", 0),
                         .per_second = Number(point, "perSecond", 0, 1e9)};
    if (!options.rate.empty() && next.at_ns <= options.rate.back().at_ns) {
      Reject(object.Env(), "rate", "points in ascending order of atMs");
    }
    options.rate.push_back(next);
  });
  options.close = ReadCloseMode(object);
  options.hold = object.Get("hold").ToBoolean();
  options.churn = object.Get("churn").ToBoolean();
  options.keep_going = object.Get("keepGoing").ToBoolean();
  options.peer_closes = object.Get("peerCloses").ToBoolean();
  const Napi::Value exchange = object.Get("exchange");
  if (!exchange.IsUndefined()) {
    options.exchange = ReadExchangeOptions(AsObject(exchange, "exchange"));
  }
  if (options.churn && options.peer_closes && !options.exchange) {
    Reject(object.Env(), "exchange", "an object, even if empty, with churn and peerCloses");
  }
  return options;
}

ListenOptions ReadListenOptions(Napi::Object object) {
  ListenOptions options;
  options.addresses = Endpoints(object, "targets", 0);
  if (options.addresses.empty()) Reject(object.Env(), "targets", "at least one address");
  options.mode = ReadListenMode(object);
  options.socket_options = ReadSocketOptions(object);
  options.backlog = Whole<int>(object, "backlog", 1, std::numeric_limits<int>::max());
  options.close = ReadCloseMode(object);
  return options;
}

}  // namespace

RunOptions ReadRunOptions(Napi::Value config) {
  const Napi::Object object = AsObject(config, "config");
  RunOptions options;
  options.workers = Whole<uint32_t>(object, "workers", 1, 4096);
  options.max_tables = Whole<uint32_t>(object, "maxTables", 1, 65536);
  options.table_size = Whole<uint32_t>(object, "descriptorsPerTable", 1, 1 << 24);
  options.shared_reserve = Whole<uint32_t>(object, "reservedInSharedTable", 0, 1 << 24);
  const Napi::Value dial = object.Get("dial");
  const Napi::Value listen = object.Get("listen");
  if (!dial.IsUndefined()) options.dial = ReadDialOptions(AsObject(dial, "dial"));
  if (!listen.IsUndefined()) options.listen = ReadListenOptions(AsObject(listen, "listen"));
  if (!options.dial && !options.listen)
    Reject(object.Env(), "config", "an object with dial, listen or both");
  if (options.dial && options.dial->targets.empty() != options.listen.has_value()) {
    Reject(object.Env(), "targets", "empty if the run also listens, and otherwise not");
  }
  return options;
}

}  // namespace c1m
