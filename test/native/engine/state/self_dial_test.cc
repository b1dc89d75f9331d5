#include "native/engine/state/self_dial.h"

#include <doctest/doctest.h>

#include <limits>

#include "test/native/helpers/loopback.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

const std::vector<SocketAddress> kListening = {Address("127.0.0.1", 1), Address("127.0.0.1", 2),
                                               Address("127.0.0.1", 3), Address("127.0.0.1", 4),
                                               Address("127.0.0.1", 5)};

RunOptions TwoWorkers() { return SelfDialRun(/*connections=*/10, /*workers=*/2); }

}  // namespace

TEST_CASE("self_dial: a run that dials and listens is a self-dial") {
  CHECK(SelfDial::IsRequested(TwoWorkers()));
  CHECK_FALSE(SelfDial::IsRequested(DialRun(DialTo({Address("127.0.0.1", 1)}, 1))));
  CHECK_FALSE(SelfDial::IsRequested(ListenRun(ListenOn({UniqueLoopback()}))));
}

TEST_CASE("self_dial: the listening addresses are assigned to the workers in turn") {
  for (const uint32_t worker : {0U, 1U}) {
    const SelfDial self_dial(TwoWorkers(), worker, kListening);
    const auto& own = self_dial.space().targets();
    REQUIRE(own.size() == (worker == 0 ? 3 : 2));
    for (uint32_t i = 0; i < own.size(); ++i) {
      CHECK(own[i].port() == kListening[self_dial.TargetNumber(i)].port());
    }
  }
}

TEST_CASE("self_dial: each worker begins at a different part of its space") {
  const SelfDial first(TwoWorkers(), 0, kListening);
  const SelfDial second(TwoWorkers(), 1, kListening);
  CHECK(first.first_tuple() == 0);
  CHECK(second.first_tuple() == second.space().size() / 2);
}

TEST_CASE("self_dial: a seed shifts where the workers begin, and keeps their distances") {
  RunOptions options = TwoWorkers();
  const uint64_t size = SelfDial(options, 1, kListening).space().size();
  const uint64_t begin = SelfDial(options, 1, kListening).first_tuple();
  options.dial->seed = 7;
  const SelfDial first(options, 0, kListening);
  const SelfDial second(options, 1, kListening);
  CHECK(first.first_tuple() == 7 * first.space().targets().size());
  CHECK(second.first_tuple() == (begin + 7 * second.space().targets().size()) % size);
  options.dial->seed = std::numeric_limits<uint32_t>::max();
  CHECK(SelfDial(options, 1, kListening).first_tuple() < size);
}

TEST_CASE("self_dial: it only holds if nothing is sent or closed before the end") {
  RunOptions options = TwoWorkers();
  CHECK(SelfDial(options, 0, kListening).only_holds());
  SUBCASE("churn") { options.dial->churn = true; }
  SUBCASE("exchange") { options.dial->exchange.emplace(); }
  CHECK_FALSE(SelfDial(options, 0, kListening).only_holds());
}

TEST_CASE(
    "self_dial: a connection takes two descriptors, and one that is not accepted yet takes one "
    "more") {
  SelfDial self_dial(TwoWorkers(), 0, kListening);
  CHECK(self_dial.Fitting(10) == 5);
  self_dial.AddUnaccepted();
  self_dial.AddUnaccepted();
  CHECK(self_dial.unaccepted() == 2);
  CHECK(self_dial.Fitting(10) == 4);
  // Accepted: one of them, and two of other clients.
  for (int i = 0; i < 3; ++i) self_dial.RemoveUnaccepted();
  CHECK(self_dial.unaccepted() == -1);
  CHECK(self_dial.Fitting(10) == 5);
}

}  // namespace c1m::test
