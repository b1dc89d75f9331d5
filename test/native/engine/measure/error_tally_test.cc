#include "native/engine/measure/error_tally.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace c1m::test {

TEST_CASE("error_tally: errors are counted by phase and code") {
  ErrorTally tally;
  CHECK(tally.entries().empty());
  tally.Count(Phase::kConnect, ECONNREFUSED, [] { return "first"; });
  tally.Count(Phase::kConnect, ECONNREFUSED, [] { return "second"; });
  tally.Count(Phase::kConnect, ETIMEDOUT, [] { return "third"; });
  tally.Count(
      Phase::kTimeout, ETIMEDOUT, [] { return "fourth"; }, 5);
  const auto entries = tally.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].count == 2);
  CHECK(entries[0].example == "first");
  CHECK(entries[1].count == 1);
  CHECK(entries[2].count == 5);
  CHECK(entries[2].phase == Phase::kTimeout);
  CHECK(entries[2].code == ETIMEDOUT);
}

TEST_CASE("error_tally: the example is made only for the first error of a kind") {
  ErrorTally tally;
  int made = 0;
  for (int i = 0; i < 1000; ++i) {
    tally.Count(Phase::kHold, ECONNRESET, [&made] { return std::to_string(++made); });
  }
  CHECK(made == 1);
  CHECK(tally.entries().at(0).count == 1000);
}

TEST_CASE("error_tally: no error is lost with several threads") {
  ErrorTally tally;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&tally, i] {
      for (int k = 0; k < 5000; ++k) {
        tally.Count(Phase::kBind, 1 + (k + i) % 3, [] { return "x"; });
      }
    });
  }
  threads.emplace_back([&tally] { (void)tally.entries(); });
  for (std::thread& thread : threads) thread.join();
  uint64_t sum = 0;
  for (const auto& entry : tally.entries()) sum += entry.count;
  CHECK(tally.entries().size() == 3);
  CHECK(sum == 20'000);
}

TEST_CASE("error_tally: every phase has a unique name") {
  std::set<std::string> names;
  for (const Phase phase : {Phase::kSocket, Phase::kBind, Phase::kConnect, Phase::kTimeout,
                            Phase::kHold, Phase::kExchange, Phase::kAccept}) {
    names.insert(PhaseName(phase));
  }
  CHECK(names == std::set<std::string>{"socket", "bind", "connect", "timeout", "hold", "exchange",
                                       "accept"});
}

}  // namespace c1m::test
