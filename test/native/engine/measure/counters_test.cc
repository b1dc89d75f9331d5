#include "native/engine/measure/counters.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <thread>

namespace c1m::test {

TEST_CASE("counters: every counter has a unique name") {
  const std::set<std::string> names(kCounterNames.begin(), kCounterNames.end());
  CHECK(names.size() == kCounterCount);
  CHECK(names.count("established") == 1);
}

TEST_CASE("counters: sums are in the order of the names") {
  Counters first;
  Counters second;
  first.established.Add(5);
  first.dialed_open.Add(5);
  second.established.Add(2);
  second.dialed_open.Add(2);
  second.dialed_open.Subtract();
  CounterTotals totals{};
  AddTo(totals, first);
  AddTo(totals, second);
  const auto at = [&](const std::string& name) {
    const auto found = std::find(kCounterNames.begin(), kCounterNames.end(), name);
    return totals[static_cast<size_t>(found - kCounterNames.begin())];
  };
  CHECK(at("established") == 7);
  CHECK(at("dialedOpen") == 6);
  CHECK(at("attempted") == 0);
}

TEST_CASE("counters: other threads may read while the owner writes") {
  const auto counters = std::make_unique<Counters>();
  std::thread writer([&counters] {
    for (int i = 0; i < 100'000; ++i) counters->established.Add();
  });
  uint64_t last = 0;
  bool rises = true;
  while (last < 100'000) {
    const uint64_t now = counters->established.get();
    rises = rises && now >= last;
    last = now;
  }
  writer.join();
  CHECK(rises);
  CHECK(counters->established.get() == 100'000);
}

TEST_CASE("counters: two tables never share a cache line") {
  CHECK(alignof(Counters) == 64);
  CHECK(sizeof(Counters) % 64 == 0);
}

}  // namespace c1m::test
