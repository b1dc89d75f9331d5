#include "native/engine/measure/early_ends.h"

#include <doctest/doctest.h>

#include <string>

namespace c1m::test {

TEST_CASE(
    "early_ends: connections that ended for the same cause share one entry with the first as "
    "example") {
  EarlyEnds ends;
  int examples = 0;
  for (int i = 1; i <= 100; ++i) {
    TcpInfo info{};
    info.snd_mss = static_cast<uint32_t>(i);
    info.bytes_received = static_cast<uint64_t>(i % 2);
    ends.Count({.cause = EndCause::kUnanswered,
                .first = i <= 10,
                .partial = i <= 20,
                .resent = 2,
                .quiet_ns = i * 1000,
                .info = info},
               [&] {
                 ++examples;
                 return "example " + std::to_string(i);
               });
  }
  ends.Count({.cause = EndCause::kReset}, [] { return std::string("other"); });
  const auto entries = ends.entries();
  REQUIRE(entries.size() == 2);
  CHECK(examples == 1);
  const EarlyEnds::Entry& entry = entries[0];
  CHECK(entry.cause == EndCause::kUnanswered);
  CHECK(entry.count == 100);
  CHECK(entry.first == 10);
  CHECK(entry.partial == 20);
  CHECK(entry.unheard == 50);
  CHECK(entry.resent == 200);
  CHECK(entry.example == "example 1");
  CHECK(entry.info.snd_mss == 1);
  CHECK(entry.quiet.p10_ns == doctest::Approx(10'000).epsilon(0.01));
  CHECK(entry.quiet.p90_ns == doctest::Approx(90'000).epsilon(0.01));
  CHECK(entries[1].example == "other");
}

TEST_CASE("early_ends: each cause has a unique name") {
  CHECK(std::string(EndCauseName(EndCause::kUnacknowledged)) == "unacknowledged");
  CHECK(std::string(EndCauseName(EndCause::kHeldLost)) == "heldLost");
}

TEST_CASE("wrong_answer: the first sample is kept") {
  WrongAnswer wrong;
  CHECK_FALSE(wrong.taken());
  CHECK_FALSE(wrong.sample().has_value());
  wrong.Take({.connection = "a", .expected = "1", .received = "2"});
  wrong.Take({.connection = "b", .expected = "3", .received = "4"});
  CHECK(wrong.taken());
  CHECK(wrong.sample()->connection == "a");
}

}  // namespace c1m::test
