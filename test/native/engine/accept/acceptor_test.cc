#include "native/engine/accept/acceptor.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "native/net/clock.h"
#include "native/net/socket.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/process.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

// Connections that a table of 64 descriptors holds in addition to stdio, the wake-up, one listening
// socket and the spare descriptors.
constexpr size_t kSmallTable = 64;
constexpr size_t kRoom = 51;

std::vector<UniqueFd> Connect(const SocketAddress& target, size_t count) {
  std::vector<UniqueFd> connections;
  for (size_t i = 0; i < count; ++i) connections.push_back(Connected(target));
  return connections;
}

bool Holds(const ScratchRun& run, uint64_t connections) {
  return Eventually([&] { return run.totals().accepted_open == connections; });
}

// Waits until this many connections were closed by their peers and this many are left.
bool Ended(const ScratchRun& run, uint64_t connections, uint64_t left) {
  return Eventually([&] {
    const Totals now = run.totals();
    return now.accepted_closed_by_peer == connections && now.accepted_open == left;
  });
}

RunOptions SmallTables(uint32_t max_tables = 1024) {
  RunOptions options = ListenRun(ListenOn({UniqueLoopback()}));
  options.table_size = kSmallTable;
  options.max_tables = max_tables;
  return options;
}

}  // namespace

TEST_CASE("acceptor: a peer that sends and closes before it is accepted is read and counted once") {
  for (const ListenMode mode : {ListenMode::kSink, ListenMode::kEcho}) {
    ScratchRun run(ListenRun(ListenOn({UniqueLoopback()}, mode)));
    const auto targets = run.Start();
    REQUIRE(targets.size() == 1);
    for (int i = 0; i < 100; ++i) {
      const UniqueFd client = Connected(targets[0]);
      REQUIRE(SendAll(client, Pattern(10)));
      REQUIRE(::shutdown(client.get(), SHUT_WR) == 0);
      CHECK(Ready(client.get(), POLLRDHUP));
    }
    CHECK(Ended(run, 100, 0));
    CHECK(run.totals().accepted_bytes_received == 1000);
  }
}

TEST_CASE("acceptor: a sink reads what arrives and sends nothing") {
  ScratchRun run(ListenRun(ListenOn({UniqueLoopback()}, ListenMode::kSink)));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 1);
  const UniqueFd client = Connected(targets[0]);
  REQUIRE(SendAll(client, Pattern(3'000'000)));
  CHECK(Eventually([&] { return run.totals().accepted_bytes_received == 3'000'000; }));
  CHECK(run.totals().accepted_bytes_sent == 0);
  pollfd quiet{.fd = client.get(), .events = POLLIN, .revents = 0};
  CHECK(::poll(&quiet, 1, 0) == 0);
  CHECK(run.End());
  CHECK(EndOf(client) == 0);
}

TEST_CASE("acceptor: an echo returns every byte") {
  ScratchRun run(ListenRun(ListenOn({UniqueLoopback()}, ListenMode::kEcho)));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 1);
  std::vector<UniqueFd> clients = Connect(targets[0], 20);
  for (const UniqueFd& client : clients) {
    REQUIRE(SendAll(client, Pattern(10'000)));
    CHECK((Receive(client, 10'000) == Pattern(10'000)));
  }
  CHECK(Eventually([&] { return run.totals().accepted_bytes_sent == 200'000; }));
  CHECK(Eventually([&] { return run.totals().accepted_bytes_received == 200'000; }));
  CHECK(run.End());
}

TEST_CASE("acceptor: a peer that stops reading gets its echo later and delays no other peer") {
  ScratchRun run(ListenRun(ListenOn({UniqueLoopback()}, ListenMode::kEcho)));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 1);
  const UniqueFd lazy = Connected(targets[0]);
  const std::string bytes = Pattern(64 << 20);
  // Sends until neither side makes progress: then every buffer on the way is full.
  size_t sent = 0;
  for (int still = 0; still < 20;) {
    const size_t now = SendSome(lazy, bytes.substr(sent, 1 << 16));
    sent += now;
    still = now > 0 ? 0 : still + 1;
    pollfd waiting{.fd = lazy.get(), .events = POLLOUT, .revents = 0};
    if (now == 0) ::poll(&waiting, 1, 5);
  }
  REQUIRE(sent < bytes.size());
  const UniqueFd other = Connected(targets[0]);
  REQUIRE(SendAll(other, "hello"));
  CHECK(Receive(other, 5) == "hello");

  REQUIRE(::shutdown(lazy.get(), SHUT_WR) == 0);
  CHECK((Receive(lazy, sent) == bytes.substr(0, sent)));
  CHECK(EndOf(lazy) == 0);
  CHECK(Eventually([&] { return run.totals().accepted_closed_by_peer == 1; }));
  CHECK(run.totals().accepted_bytes_sent == sent + 5);
  CHECK(run.End());
}

TEST_CASE("acceptor: close-first closes accepted connections at once and holds none") {
  for (const CloseMode close : {CloseMode::kFin, CloseMode::kRst}) {
    ListenOptions listen = ListenOn({UniqueLoopback()}, ListenMode::kCloseFirst);
    listen.close = close;
    ScratchRun run(ListenRun(std::move(listen)));
    const auto targets = run.Start();
    REQUIRE(targets.size() == 1);
    for (int i = 0; i < 50; ++i) {
      // With RST the connection may end before the client has seen it established.
      const UniqueFd client = Connected(targets[0]);
      if (client.valid()) CHECK(EndOf(client) == (close == CloseMode::kFin ? 0 : ECONNRESET));
    }
    CHECK(Eventually([&] { return run.totals().accepted == 50; }));
    CHECK(run.totals().accepted_open == 0);
    CHECK(run.totals().accepted_closed_by_peer == 0);
    CHECK(run.End());
  }
}

TEST_CASE("acceptor: a FIN or RST from the peer ends the connection") {
  ScratchRun run(ListenRun(ListenOn({UniqueLoopback()})));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 1);
  std::vector<UniqueFd> clients = Connect(targets[0], 30);
  REQUIRE(Holds(run, 30));
  for (size_t i = 0; i < 10; ++i) clients[i].Reset();
  CHECK(Ended(run, 10, 20));
  CHECK(run->Errors().empty());
  for (size_t i = 10; i < 20; ++i) Reset(clients[i]);
  CHECK(Ended(run, 20, 10));
  CHECK(run.Errors(Phase::kHold, ECONNRESET) == 10);
  CHECK(run.totals().accepted == 30);
  CHECK(run.End());
}

TEST_CASE("acceptor: workers share a port if there are fewer ports than workers") {
  RunOptions options = ListenRun(ListenOn({UniqueLoopback(), UniqueLoopback()}));
  options.workers = 5;
  ScratchRun run(std::move(options));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 2);
  const std::vector<UniqueFd> first = Connect(targets[0], 60);
  const std::vector<UniqueFd> second = Connect(targets[1], 60);
  CHECK(Holds(run, 120));
  CHECK(run.End());
}

TEST_CASE("acceptor: a worker serves several ports if there are more ports than workers") {
  RunOptions options = ListenRun(ListenOn(std::vector<SocketAddress>(7, UniqueLoopback())));
  options.workers = 2;
  ScratchRun run(std::move(options));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 7);
  std::vector<std::vector<UniqueFd>> clients;
  for (const SocketAddress& target : targets) clients.push_back(Connect(target, 10));
  CHECK(Holds(run, 70));
  CHECK(run->table_count() == 2);
  CHECK(run.End());
}

TEST_CASE("acceptor: every port is served even if fewer tables than workers may be opened") {
  RunOptions options = ListenRun(ListenOn({UniqueLoopback(), UniqueLoopback()}));
  options.workers = 4;
  options.max_tables = 1;
  ScratchRun run(std::move(options));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 2);
  const std::vector<UniqueFd> first = Connect(targets[0], 20);
  const std::vector<UniqueFd> second = Connect(targets[1], 20);
  CHECK(Holds(run, 40));
  CHECK(run->table_count() == 1);
  CHECK(run.End());
}

TEST_CASE("acceptor: when a table is full, the next one accepts") {
  ScratchRun run(SmallTables());
  const auto targets = run.Start();
  REQUIRE(targets.size() == 1);
  std::vector<UniqueFd> clients = Connect(targets[0], 6 * kRoom);
  CHECK(Holds(run, 6 * kRoom));
  // The last one may already have requested its successor.
  CHECK(run->table_count() >= 6);
  CHECK(run->table_count() <= 7);
  CHECK_FALSE(run->tables_used_up());
  // Connections of every table are served.
  for (UniqueFd& client : clients) client.Reset();
  CHECK(Ended(run, 6 * kRoom, 0));
  CHECK(run.End());
}

TEST_CASE("acceptor: an old table accepts again after its connections have ended") {
  ScratchRun run(SmallTables());
  const auto targets = run.Start();
  REQUIRE(targets.size() == 1);
  std::vector<UniqueFd> early = Connect(targets[0], kRoom);
  REQUIRE(Holds(run, kRoom));
  for (int round = 0; round < 5; ++round) {
    CAPTURE(round);
    // The other table fills up after the connections of this one have ended.
    std::vector<UniqueFd> late = Connect(targets[0], kRoom);
    REQUIRE(Holds(run, 2 * kRoom));
    early.clear();
    REQUIRE(Holds(run, kRoom));
    early = std::move(late);
  }
  CHECK(run->table_count() <= 3);
  CHECK(run.End());
}

TEST_CASE("acceptor: if no table is left, waiting connections are accepted once there is room") {
  for (const bool room_in_first : {true, false}) {
    CAPTURE(room_in_first);
    ScratchRun run(SmallTables(/*max_tables=*/2));
    const auto targets = run.Start();
    REQUIRE(targets.size() == 1);
    std::vector<UniqueFd> first = Connect(targets[0], kRoom);
    REQUIRE(Holds(run, kRoom));
    std::vector<UniqueFd> second = Connect(targets[0], kRoom);
    REQUIRE(Holds(run, 2 * kRoom));
    const std::vector<UniqueFd> waiting = Connect(targets[0], 5);
    REQUIRE(Eventually([&] { return run->tables_used_up(); }));
    CHECK(run.totals().accepted == 2 * kRoom);
    (room_in_first ? first : second).resize(kRoom - 3);
    CHECK(Eventually([&] { return run.totals().accepted == 2 * kRoom + 3; }));
    (room_in_first ? second : first).resize(kRoom - 10);
    CHECK(Eventually([&] { return run.totals().accepted == 2 * kRoom + 5; }));
    CHECK(Holds(run, 2 * kRoom - 8));
    CHECK(run->table_count() == 2);
    CHECK(run.End());
  }
}

TEST_CASE("acceptor: if the system has no free descriptor, accepting pauses and tries again") {
  ScratchRun run(ListenRun(ListenOn({UniqueLoopback()})));
  const auto targets = run.Start();
  REQUIRE(targets.size() == 1);
  REQUIRE(Connected(targets[0]).valid());  // the table is running
  REQUIRE(Eventually([&] { return run.totals().accepted_closed_by_peer == 1; }));
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 15; ++i) clients.emplace_back(OpenStream(AF_INET).value());
  const int64_t began_ns = NowNs();
  {
    // Stdio, the wake-up, the listening socket, epoll and ten connections.
    const DescriptorLimit limit(16);
    for (const UniqueFd& client : clients) {
      ::connect(client.get(), targets[0].raw(), targets[0].size());
    }
    CHECK(Eventually([&] { return run.Errors(Phase::kAccept, EMFILE) > 3; }));
    CHECK(run.totals().accepted_open == 10);
  }
  CHECK(NowNs() - began_ns > 50 * kNsPerMs);
  CHECK(Holds(run, 15));
  CHECK(run.End());
}

}  // namespace c1m::test
