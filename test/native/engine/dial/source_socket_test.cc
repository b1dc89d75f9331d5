#include "native/engine/dial/source_socket.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "native/net/socket.h"
#include "test/native/helpers/options.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/process.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

// A socket of another process, bound to a source that the run would use.
UniqueFd OtherSocket(const SocketAddress& source, bool reuses = false) {
  UniqueFd socket(OpenStream(source.family()).value());
  if (reuses) AllowAddressReuse(socket.get());
  if (::bind(socket.get(), source.raw(), source.size()) != 0) return {};
  return socket;
}

DialOptions FromPorts(SocketAddress source, PortRange ports, const SocketAddress& target,
                      uint64_t connections) {
  DialOptions dial = DialTo({target}, connections);
  dial.sources = {{.first = source, .count = 1}};
  dial.source_ports = {ports};
  return dial;
}

// The ports of the peers of these connections.
std::vector<uint16_t> PeerPorts(const std::vector<UniqueFd>& connections) {
  std::vector<uint16_t> ports;
  for (const UniqueFd& connection : connections) {
    ports.push_back(PeerAddress(connection).port());
  }
  std::sort(ports.begin(), ports.end());
  return ports;
}

}  // namespace

TEST_CASE("source_socket: a run binds the tuples of its space in order") {
  const UniqueFd listener = Listening();
  const SocketAddress source = UniqueLoopback();
  ScratchRun run(
      DialRun(FromPorts(source, {.first = 3000, .last = 3009}, LocalAddress(listener), 8)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  const std::vector<UniqueFd> peers = Accepted(listener, 8);
  CHECK(PeerPorts(peers) == std::vector<uint16_t>{3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007});
  CHECK(PeerAddress(peers.at(0)).CountTo(source) == 1);
  CHECK(run.End());
}

TEST_CASE("source_socket: ports in use by other sockets are skipped and counted") {
  const UniqueFd listener = Listening();
  const SocketAddress source = UniqueLoopback();
  const UniqueFd bound = OtherSocket(WithPort(source, 3001));
  const UniqueFd listening = Listening(WithPort(source, 3004));
  const UniqueFd last = OtherSocket(WithPort(source, 3009));
  ScratchRun run(
      DialRun(FromPorts(source, {.first = 3000, .last = 3009}, LocalAddress(listener), 7)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(PeerPorts(Accepted(listener, 7)) ==
        std::vector<uint16_t>{3000, 3002, 3003, 3005, 3006, 3007, 3008});
  CHECK(run.totals().skipped_ports == 2);
  CHECK(run.totals().attempted == 7);
  CHECK(run->Errors().empty());
  CHECK_FALSE(run->tuples_used_up());
  CHECK(run.End());
}

TEST_CASE("source_socket: a tuple with a connection of another socket is skipped and counted") {
  const UniqueFd listener = Listening();
  const SocketAddress target = LocalAddress(listener);
  const SocketAddress source = UniqueLoopback();
  const UniqueFd other = OtherSocket(WithPort(source, 3000), /*reuses=*/true);
  REQUIRE(::connect(other.get(), target.raw(), target.size()) == -1);
  const UniqueFd their_peer = Accepted(listener);
  REQUIRE(their_peer.valid());
  ScratchRun run(DialRun(FromPorts(source, {.first = 3000, .last = 3001}, target, 1)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(PeerPorts(Accepted(listener, 1)) == std::vector<uint16_t>{3001});
  CHECK(run.totals().skipped_ports == 1);
  CHECK(run.totals().attempted == 1);
  CHECK(run.End());
}

TEST_CASE("source_socket: a socket is never connected to itself") {
  const SocketAddress target = UniqueLoopback(3001);
  ScratchRun run(DialRun(FromPorts(target, {.first = 3000, .last = 3002}, target, 2)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().established == 0);
  CHECK(run.totals().skipped_ports == 1);
  CHECK(run.Errors(Phase::kConnect, ECONNREFUSED) == 2);
  CHECK(run.End());
}

TEST_CASE(
    "source_socket: once the tuples are used up, the other connections fail with EADDRNOTAVAIL") {
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(
      FromPorts(UniqueLoopback(), {.first = 3000, .last = 3009}, LocalAddress(listener), 15)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().established == 10);
  CHECK(run.totals().attempted == 15);
  CHECK(run.totals().failed == 5);
  CHECK(run.Errors(Phase::kBind, EADDRNOTAVAIL) == 5);
  CHECK(run->tuples_used_up());
  CHECK_FALSE(run->tables_used_up());
  CHECK(run.End());
}

TEST_CASE("source_socket: in a self-dial each worker has the whole space") {
  RunOptions options = SelfDialRun(20, 2);
  options.dial->source_ports = {{.first = 3000, .last = 3009}};
  SUBCASE("enough") {
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run.totals().established == 20);
    CHECK(run->Errors().empty());
    CHECK(run.End());
  }
  SUBCASE("used up") {
    options.dial->connections = 25;
    ScratchRun run(std::move(options));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run.totals().established == 20);
    CHECK(run->tuples_used_up());
    CHECK(run.End());
  }
}

TEST_CASE("source_socket: shards of one space do not overlap") {
  const UniqueFd listener = Listening();
  const SocketAddress source = UniqueLoopback();
  std::vector<uint16_t> ports;
  for (uint32_t index = 0; index < 3; ++index) {
    DialOptions dial = FromPorts(source, {.first = 3000, .last = 3009}, LocalAddress(listener),
                                 index == 0 ? 4 : 3);
    dial.shard = {.index = index, .count = 3};
    ScratchRun run(DialRun(std::move(dial)));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run->Errors().empty());
    CHECK(run.totals().skipped_ports == 0);
    const auto part = PeerPorts(Accepted(listener, index == 0 ? 4 : 3));
    ports.insert(ports.end(), part.begin(), part.end());
    CHECK(run.End());
  }
  std::sort(ports.begin(), ports.end());
  CHECK(ports == std::vector<uint16_t>{3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009});
}

TEST_CASE("source_socket: a source that this host does not have fails at bind") {
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(
      FromPorts(Address("192.0.2.1"), {.first = 1024, .last = 65535}, LocalAddress(listener), 30)));
  run.Start();
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.totals().failed == 30);
  CHECK(run.Errors(Phase::kBind, EADDRNOTAVAIL) == 30);
  CHECK_FALSE(run->tuples_used_up());
  CHECK(run->Errors().at(0).example.find("192.0.2.1:1024 > ") == 0);
  CHECK(run.End());
}

TEST_CASE(
    "source_socket: if the kernel refuses an option, the socket counts as failed and is closed") {
  constexpr uint64_t kConnections = 1000;
  for (const bool paced : {false, true}) {
    CAPTURE(paced);
    const UniqueFd listener = Listening();
    const std::vector<int> before = OpenDescriptors();
    DialOptions dial = DialTo({LocalAddress(listener)}, kConnections);
    dial.socket_options = {MissingDevice()};
    if (paced) dial.rate = {{.at_ns = 0, .per_second = 1e6}};
    ScratchRun run(DialRun(std::move(dial)));
    run.Start();
    REQUIRE(run.Wait(Event::kRamped));
    CHECK(run.totals().attempted == kConnections);
    CHECK(run.totals().failed == kConnections);
    CHECK(run.Errors(Phase::kSocket, ENODEV) == kConnections);
    CHECK(run->Errors().size() == 1);
    CHECK(run->Errors().at(0).example.find(" > " + LocalAddress(listener).ToString()) !=
          std::string::npos);
    // Every thread has a descriptor table of its own, in which only stdio, the wake-up and epoll
    // are open.
    for (const int thread : Threads()) CHECK(OpenDescriptors(thread).size() < before.size() + 8);
    CHECK(run.End());
    CHECK(OpenDescriptors() == before);
  }
}

}  // namespace c1m::test
