#include "native/net/clock.h"

#include <doctest/doctest.h>

TEST_CASE("clock: NowNs never decreases") {
  int64_t before = c1m::NowNs();
  for (int i = 0; i < 1000; ++i) {
    const int64_t now = c1m::NowNs();
    REQUIRE(now >= before);
    before = now;
  }
}
