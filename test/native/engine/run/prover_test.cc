#include "native/engine/run/prover.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "native/engine/measure/proof.h"
#include "native/net/keepalive.h"
#include "test/native/helpers/census_sheet.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Action = ProofOrder::Action;

// Runs one step and waits for its end.
bool Take(ScratchRun& run, ProofTally& tally, Action action, uint32_t stride = 1,
          uint32_t period_ms = 0) {
  const int before = run.events(Run::Event::kCensused);
  return run->TakeCensus({.proof = {.tally = &tally,
                                    .action = action,
                                    .stride = stride,
                                    .period_ms = period_ms}}) &&
         Eventually([&] { return run.events(Run::Event::kCensused) > before; });
}

}  // namespace

TEST_CASE("prover: a sample over all tables is probed, answers, and gets its options back") {
  constexpr uint64_t kConnections = 1000;
  RunOptions options = SelfDialRun(kConnections, /*workers=*/2);
  options.table_size = 256;
  ScratchRun run(std::move(options));
  REQUIRE_FALSE(run.Start().empty());
  REQUIRE(run.Wait(Run::Event::kRamped));
  CHECK(run->table_count() > 2);
  ProofTally chosen;
  REQUIRE(Take(run, chosen, Action::kChoose, /*stride=*/10));
  const uint64_t sample = chosen.read;
  CHECK(sample >= 95);  // each table rounds its share
  CHECK(sample <= 105);
  ProofTally asked;
  REQUIRE(Take(run, asked, Action::kAsk));
  CHECK(asked.read == sample);
  CHECK(Eventually([&] {
    ProofTally looked;
    REQUIRE(Take(run, looked, Action::kLook));
    CHECK(looked.read == sample);
    CHECK(looked.proven + looked.waiting == sample);
    return looked.proven == sample;
  }));
  ProofTally last;
  REQUIRE(Take(run, last, Action::kEnd));
  CHECK(last.proven == sample);
  CHECK(last.silent + last.repeating + last.healed + last.ended == 0);
  // A census tells answers from segments of the handshake.
  Sheet sheet(kConnections);
  REQUIRE(run->TakeCensus({.sheet = &sheet.sheet}));
  const int before = run.events(Run::Event::kCensused);
  REQUIRE(Eventually(
      [&] { return run.events(Run::Event::kCensused) > before || !run->census_under_way(); }));
  uint64_t answered = 0;
  for (size_t row = 0; row < sheet.sheet.rows(); ++row) {
    const auto answers = sheet.At<uint8_t>("probeAnswers", row);
    CHECK(sheet.At<uint32_t>("segsIn", row) <= 1U + answers);
    if (answers > 0) ++answered;
  }
  CHECK(answered == sample);
  CHECK(run.End());
}

TEST_CASE("prover: connections that the peer has closed are no longer probed") {
  const UniqueFd listener = Listening();
  DialOptions dial = DialTo({LocalAddress(listener)}, 10);
  ScratchRun run(DialRun(std::move(dial)));
  run.Start();
  REQUIRE(run.Wait(Run::Event::kRamped));
  std::vector<UniqueFd> accepted = Accepted(listener, 10);
  REQUIRE(accepted.size() == 10);
  ProofTally chosen;
  REQUIRE(Take(run, chosen, Action::kChoose));
  CHECK(chosen.read == 10);
  ProofTally asked;
  REQUIRE(Take(run, asked, Action::kAsk));
  CHECK(asked.read == 10);
  accepted.resize(6);
  REQUIRE(Eventually([&] { return run.totals().dialed_closed_by_peer == 4; }));
  ProofTally last;
  REQUIRE(Take(run, last, Action::kEnd));
  CHECK(last.ended == 4);
  CHECK(last.proven + last.waiting == 6);
  // They were closed, not lost.
  CHECK(run.totals().dialed_unknown == 0);
  CHECK(run.totals().dialed_dead == 0);
  CHECK(run.End());
}

TEST_CASE("prover: connections are judged by when their peer was last heard") {
  const UniqueFd listener = Listening();
  ScratchRun run(DialRun(DialTo({LocalAddress(listener)}, 10)));
  run.Start();
  REQUIRE(run.Wait(Run::Event::kRamped));
  const std::vector<UniqueFd> accepted = Accepted(listener, 10);
  REQUIRE(accepted.size() == 10);
  ProofTally silent;
  REQUIRE(Take(run, silent, Action::kJudge, /*stride=*/1, /*period_ms=*/60'000));
  CHECK(silent.read == 10);
  // A handshake is no sign of life.
  CHECK(silent.proven == 0);
  CHECK(silent.waiting == 10);
  for (size_t i = 0; i < 7; ++i) REQUIRE(SendAll(accepted[i], "alive"));
  REQUIRE(Eventually([&] { return run.totals().dialed_bytes_received == 35; }));
  ProofTally heard;
  REQUIRE(Take(run, heard, Action::kJudge, /*stride=*/1, /*period_ms=*/60'000));
  CHECK(heard.proven == 7);
  CHECK(heard.waiting == 3);
  // Four periods of a millisecond are over, but not the grace time of a second.
  CHECK(Eventually([&] {
    ProofTally late;
    REQUIRE(Take(run, late, Action::kJudge, /*stride=*/1, /*period_ms=*/1));
    CHECK(late.never_heard <= 3);
    return late.silent == 10 && late.longest_silence_ms > 1000;
  }));
  CHECK(run.End());
}

TEST_CASE("prover: closing the run ends a step that is still in progress") {
  ScratchRun run(SelfDialRun(2000));
  REQUIRE_FALSE(run.Start().empty());
  REQUIRE(run.Wait(Run::Event::kRamped));
  ProofTally tally;
  REQUIRE(run->TakeCensus({.proof = {.tally = &tally, .action = Action::kJudge, .period_ms = 1}}));
  REQUIRE(run.End());
  CHECK(run.events(Run::Event::kCensused) == 1);
  CHECK(tally.read <= 2000);
}

}  // namespace c1m::test
