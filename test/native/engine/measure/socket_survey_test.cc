#include "native/engine/measure/socket_survey.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

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

TEST_CASE("socket_survey: a server at work") {
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

TEST_CASE("socket_survey: the queues alone") {
  const Deaf deaf = DeafListener();
  SocketSurvey survey;
  REQUIRE_FALSE(survey.Take(At(deaf.address, /*listeners_only=*/true)).has_value());
  REQUIRE(survey.listeners().size() == 1);
  CHECK(survey.listeners()[0].queued > survey.listeners()[0].backlog);
  CHECK(survey.figures().sockets == 0);
}

TEST_CASE("socket_survey: a listener at any address serves each of them") {
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

TEST_CASE("socket_survey: with nothing asked for it sees every socket") {
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
