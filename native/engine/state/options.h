// The options of a run. They arrive validated, and lib/ decides every default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/engine/space/schedule.h"
#include "native/engine/space/tuple_space.h"
#include "native/net/address.h"
#include "native/net/socket_options.h"

namespace c1m {

// How our side closes a connection: with FIN, or with RST, which leaves no TIME_WAIT.
enum class CloseMode : uint8_t { kFin, kRst };

// What a listener does with accepted connections: discard what they send, echo it, or close them at
// once, which leaves TIME_WAIT on this side.
enum class ListenMode : uint8_t { kSink, kEcho, kCloseFirst };

// What is sent on an established connection, and the expected answer.
struct ExchangeOptions {
  // Sent unchanged; if empty, nothing is sent.
  std::string send;
  // The answer must begin with these bytes or, if `expect` is empty, have at least this many bytes
  // of any content; 0: no answer is expected.
  std::string expect;
  uint64_t expect_bytes = 0;
  // Interval of the heartbeat; 0: a single exchange.
  int64_t every_ns = 0;
  int64_t timeout_ns = 0;
};

struct DialOptions {
  std::vector<AddressRange> sources;
  std::vector<PortRange> source_ports;
  Shard shard;
  // Where in the tuple space the run begins, in (address, port) pairs after the first one.
  uint32_t seed = 0;
  // If empty, the run is a self-dial, in which every worker dials its own listeners.
  std::vector<SocketAddress> targets;
  uint64_t connections = 0;
  // The maximum number of pending handshakes, over all workers.
  uint32_t window = 1024;
  int64_t connect_timeout_ns = 0;
  // TCP_SYNCNT; 0 leaves the kernel's default.
  int syn_retries = 0;
  SocketOptions socket_options;
  // If empty, as fast as possible.
  std::vector<RatePoint> rate;
  CloseMode close = CloseMode::kFin;
  // Every connection is closed after its exchange and replaced until the run closes; `connections`
  // is the number open at the same time.
  bool churn = false;
  // In a churn: wait for the peer to close.
  bool peer_closes = false;
  // In a churn as fast as possible: do not slow down even if every exchange fails.
  bool keep_going = false;
  std::optional<ExchangeOptions> exchange;
  // Whether to watch connections for a close by the peer; not needed if the run closes them as soon
  // as all are established.
  bool hold = true;
};

struct ListenOptions {
  std::vector<SocketAddress> addresses;
  ListenMode mode = ListenMode::kSink;
  int backlog = 65535;
  SocketOptions socket_options;
  CloseMode close = CloseMode::kFin;
};

struct RunOptions {
  // Threads that dial or accept at the same time.
  uint32_t workers = 1;
  // The maximum number of descriptor tables that the workers may open.
  uint32_t max_tables = 0;
  // The maximum number of descriptors in a table; lowered to RLIMIT_NOFILE.
  uint32_t table_size = 0;
  // Descriptors left to the rest of the process if all share its table.
  uint32_t shared_reserve = 0;
  // The limit of descriptor numbers if all tables share that of the process: each table has an
  // array over them, and containers may set RLIMIT_NOFILE to a billion.
  uint32_t shared_table_size = 1 << 20;
  std::optional<DialOptions> dial;
  std::optional<ListenOptions> listen;
};

}  // namespace c1m
