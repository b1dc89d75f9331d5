// What a run is asked to do. Values arrive validated; every default is decided above the binding.
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

// How our side ends a connection: an orderly FIN, or RST, which leaves no TIME_WAIT.
enum class CloseMode : uint8_t { kFin, kRst };

// What a listener does with what it accepts: read and drop, send back, or close at once (keeping
// TIME_WAIT).
enum class ListenMode : uint8_t { kSink, kEcho, kCloseFirst };

// What is said on an established connection, and what must come back.
struct ExchangeOptions {
  // Sent as it is; empty: nothing is sent.
  std::string send;
  // The answer begins with these bytes, or, when empty, has at least this many of any kind; 0: no
  // answer is awaited.
  std::string expect;
  uint64_t expect_bytes = 0;
  // Period of the heartbeat; 0: the exchange happens once.
  int64_t every_ns = 0;
  int64_t timeout_ns = 0;
};

struct DialOptions {
  std::vector<AddressRange> sources;
  std::vector<PortRange> source_ports;
  Shard shard;
  // Where in the tuple space the run begins: so many (address, port) pairs from the first one.
  uint32_t seed = 0;
  // Empty: a self-dial, in which every worker dials listeners of its own.
  std::vector<SocketAddress> targets;
  uint64_t connections = 0;
  // Handshakes in flight at most, over all workers.
  uint32_t window = 1024;
  int64_t connect_timeout_ns = 0;
  // TCP_SYNCNT; 0 leaves the kernel's default.
  int syn_retries = 0;
  SocketOptions socket_options;
  // Empty: as fast as possible.
  std::vector<RatePoint> rate;
  CloseMode close = CloseMode::kFin;
  // Each connection is closed after its exchange and replaced, until the run closes; `connections`
  // is how many are open at once.
  bool churn = false;
  // In a churn: wait for the peer to close first.
  bool peer_closes = false;
  std::optional<ExchangeOptions> exchange;
  // Whether connections are watched for the peer's close; pointless when they are closed as soon as
  // all are established.
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
  // Threads that dial or accept at a time.
  uint32_t workers = 1;
  // Most descriptor tables that the workers may open.
  uint32_t max_tables = 0;
  // Most descriptors in a table; lowered to RLIMIT_NOFILE.
  uint32_t table_size = 0;
  // Descriptors left to the rest of the process where all share its table.
  uint32_t shared_reserve = 0;
  // Numbers that connections may have where all share the process's table: each table has an array
  // over all of them, and containers may set RLIMIT_NOFILE to a billion.
  uint32_t shared_table_size = 1 << 20;
  std::optional<DialOptions> dial;
  std::optional<ListenOptions> listen;
};

}  // namespace c1m
