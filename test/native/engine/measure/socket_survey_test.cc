#include "native/engine/measure/socket_survey.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "native/net/socket.h"
#include "test/native/helpers/eventually.h"
#include "test/native/helpers/loopback.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {
namespace {

SurveyOptions At(const SocketAddress& address, bool listeners_only = false) {
  return {
      .local = {{.address = address, .first_port = address.port(), .last_port = address.port()}},
      .listeners_only = listeners_only};
}

uint64_t In(const SocketSurvey::StateCounts& states, TcpState state) {
  return states[static_cast<size_t>(state)];
}

}  // namespace

TEST_CASE("socket_survey: it counts states, queues and unread bytes of a server") {
  const UniqueFd listener = Listening(UniqueLoopback(), 100);
  const SocketAddress address = LocalAddress(listener);
  std::vector<UniqueFd> ours;
  for (int i = 0; i < 5; ++i) ours.push_back(Connected(address));
  const std::vector<UniqueFd> theirs = Accepted(listener, 3);
  REQUIRE(SendAll(ours[0], "unread"));
  REQUIRE(SendAll(ours[1], "read"));
  REQUIRE(Receive(theirs[1], 4) == "read");

  SocketSurvey survey;
  REQUIRE_FALSE(survey.Take(At(address)).has_value());
  REQUIRE(survey.listeners().size() == 1);
  const SocketSurvey::Listener& found = survey.listeners()[0];
  CHECK(found.address == address.Mapped());
  CHECK(found.port == address.port());
  CHECK(found.queued == 2);
  CHECK(found.backlog == 100);
  CHECK(found.inode != 0);
  REQUIRE(survey.ports().size() == 1);
  CHECK(survey.ports()[0].port == address.port());
  CHECK(In(survey.ports()[0].states, TcpState::kEstablished) == 5);
  CHECK(survey.ports()[0].syn_ack_retransmits == 0);
  CHECK(In(survey.states(), TcpState::kEstablished) == 5);
  CHECK(In(survey.states(), TcpState::kListen) == 0);
  const SocketSurvey::Figures& figures = survey.figures();
  CHECK(figures.sockets == 5);
  CHECK(figures.retransmits == 0);
  CHECK(figures.unread == 1);
  CHECK(figures.unread_bytes == 6);
  CHECK(figures.without_window_scaling == 0);
  CHECK(survey.RoundTrips().count > 0);
}

TEST_CASE("socket_survey: a FIN does not count as an unread byte") {
  const UniqueFd listener = Listening(UniqueLoopback(), 100);
  const SocketAddress address = LocalAddress(listener);
  std::vector<UniqueFd> ours;
  for (int i = 0; i < 4; ++i) ours.push_back(Connected(address));
  const std::vector<UniqueFd> theirs = Accepted(listener, 3);
  REQUIRE(SendAll(ours[1], "left"));
  for (UniqueFd& fd : ours) REQUIRE(::shutdown(fd.get(), SHUT_WR) == 0);
  REQUIRE(EndOf(theirs[2]) == 0);
  SocketSurvey survey;
  REQUIRE(Eventually([&] {
    SocketSurvey look;
    return !look.Take(At(address)) && In(look.states(), TcpState::kCloseWait) == 4;
  }));
  REQUIRE_FALSE(survey.Take(At(address)).has_value());
  CHECK(survey.figures().unread == 1);
  CHECK(survey.figures().unread_bytes == 4);
  REQUIRE(survey.ports().size() == 1);
  // The fourth one still waits to be accepted.
  CHECK(survey.ports()[0].accepted == 3);
  CHECK(survey.ports()[0].close_wait == 3);
  // Their peers closed a moment ago.
  CHECK(survey.ports()[0].quiet_close_wait == 0);
  CHECK(survey.quiet_inodes().empty());
}

TEST_CASE("socket_survey: it counts connections that the server does not close") {
  const UniqueFd listener = Listening(UniqueLoopback(), 100);
  const SocketAddress address = LocalAddress(listener);
  std::vector<UniqueFd> ours;
  for (int i = 0; i < 2; ++i) ours.push_back(Connected(address));
  const std::vector<UniqueFd> theirs = Accepted(listener, 2);
  ours.clear();
  for (const UniqueFd& fd : theirs) REQUIRE(Ready(fd.get(), POLLIN));
  REQUIRE(EndOf(theirs[0]) == 0);
  CHECK(Eventually([&] {
    SocketSurvey look;
    if (look.Take(At(address)) || look.ports().size() != 1) return false;
    const SocketSurvey::Port& port = look.ports()[0];
    return port.quiet_close_wait == 2 && port.quiet_close_wait_unread == 1 &&
           look.quiet_inodes().size() == 2;
  }));
}

TEST_CASE("socket_survey: it lists connections with data that the server does not read") {
  const UniqueFd listener = Listening(UniqueLoopback(), 100);
  const SocketAddress address = LocalAddress(listener);
  const UniqueFd ours = Connected(address);
  const UniqueFd queued = Connected(address);
  const UniqueFd theirs = Accepted(listener);
  for (const UniqueFd* fd : {&ours, &queued}) REQUIRE(SendAll(*fd, "unread"));
  REQUIRE(Receive(theirs, 2) == "un");
  std::vector<SocketSurvey::Unread> seen;
  REQUIRE(Eventually([&] {
    SocketSurvey look;
    if (look.Take(At(address))) return false;
    seen = look.unread();
    return seen.size() == 2;
  }));
  std::sort(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.read < b.read; });
  CHECK(seen[0].inode == 0);
  CHECK(seen[0].bytes == 6);
  CHECK(seen[0].read == 0);
  CHECK(seen[1].inode != 0);
  CHECK(seen[1].bytes == 4);
  CHECK(seen[1].read == 2);
  CHECK(seen[1].port == address.port());
  CHECK(seen[0].cookie != seen[1].cookie);
}

TEST_CASE("socket_survey: it counts connections whose peer has closed its receive window") {
  const UniqueFd listener = Listening(UniqueLoopback(), 100);
  const SocketAddress address = LocalAddress(listener);
  const UniqueFd ours = Connected(address);
  const UniqueFd reading = Connected(address);
  const std::vector<UniqueFd> theirs = Accepted(listener, 2);
  const std::string much(size_t{1} << 20, 'x');
  CHECK(Eventually([&] {
    // One client reads a little at a time, the other does not read.
    for (const UniqueFd& fd : theirs) SendSome(fd, much);
    std::string taken(size_t{64} * 1024, '\0');
    REQUIRE(::recv(reading.get(), taken.data(), taken.size(), 0) != 0);
    SocketSurvey look;
    return !look.Take(At(address)) && look.ports().size() == 1 &&
           look.ports()[0].window_closed == 1 && look.ports()[0].unanswered == 0;
  }));
}

TEST_CASE("socket_survey: it tells how long a connection has waited in the accept queue") {
  const UniqueFd listener = Listening(UniqueLoopback(), 100);
  const SocketAddress address = LocalAddress(listener);
  const UniqueFd ours = Connected(address);
  const auto longest = [&] {
    SocketSurvey look;
    REQUIRE_FALSE(look.Take(At(address)).has_value());
    REQUIRE(look.ports().size() == 1);
    return look.ports()[0].longest_wait_ms;
  };
  CHECK(Eventually([&] { return longest() >= 500; }));
  const UniqueFd theirs = Accepted(listener);
  CHECK(longest() == 0);
}

TEST_CASE("socket_survey: each listener reports its own drops") {
  const Deaf deaf = DeafListener();
  const UniqueFd other = Listening();
  const UniqueFd late(OpenStream(AF_INET).value());
  CHECK(::connect(late.get(), deaf.address.raw(), deaf.address.size()) != 0);
  CHECK(Eventually([&] {
    SocketSurvey survey;
    if (survey.Take(At(deaf.address, /*listeners_only=*/true))) return false;
    return survey.listeners().size() == 1 && survey.listeners()[0].drops >= 1U;
  }));
  SocketSurvey unaffected;
  REQUIRE_FALSE(unaffected.Take(At(LocalAddress(other), /*listeners_only=*/true)).has_value());
  REQUIRE(unaffected.listeners().size() == 1);
  CHECK(unaffected.listeners()[0].drops == 0U);
}

TEST_CASE("socket_survey: it can read accept queues only") {
  const Deaf deaf = DeafListener();
  SocketSurvey survey;
  REQUIRE_FALSE(survey.Take(At(deaf.address, /*listeners_only=*/true)).has_value());
  REQUIRE(survey.listeners().size() == 1);
  CHECK(survey.listeners()[0].queued > survey.listeners()[0].backlog);
  CHECK(survey.figures().sockets == 0);
}

TEST_CASE("socket_survey: a listener on the wildcard address matches every address") {
  const UniqueFd listener = Listening(Address("0.0.0.0"));
  const uint16_t port = LocalAddress(listener).port();
  const SocketAddress address = UniqueLoopback(port);
  const UniqueFd ours = Connected(address);
  const UniqueFd elsewhere = Connected(UniqueLoopback(port));
  SocketSurvey survey;
  REQUIRE_FALSE(survey.Take(At(address)).has_value());
  CHECK(survey.listeners().size() == 1);
  CHECK(In(survey.states(), TcpState::kEstablished) == 1);
  SocketSurvey other;
  REQUIRE_FALSE(other.Take(At(WithPort(address, port == 1 ? 2 : port - 1))).has_value());
  CHECK(other.listeners().empty());
}

TEST_CASE("socket_survey: without a filter it includes every socket") {
  const UniqueFd listener = Listening();
  const UniqueFd ours = Connected(LocalAddress(listener));
  SocketSurvey survey;
  REQUIRE_FALSE(survey.Take({}).has_value());
  const auto& listeners = survey.listeners();
  const uint16_t port = LocalAddress(listener).port();
  CHECK(std::any_of(listeners.begin(), listeners.end(),
                    [&](const SocketSurvey::Listener& each) { return each.port == port; }));
  CHECK(In(survey.states(), TcpState::kEstablished) >= 2);
}

}  // namespace c1m::test
