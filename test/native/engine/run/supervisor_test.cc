#include "native/engine/run/supervisor.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "native/net/descriptor_table.h"
#include "test/native/helpers/census_sheet.h"
#include "test/native/helpers/process.h"
#include "test/native/helpers/scratch_run.h"

namespace c1m::test {
namespace {

using Event = Run::Event;

}  // namespace

TEST_CASE("supervisor: each worker has a table from the start") {
  ScratchRun run(SelfDialRun(30, 3));
  CHECK(run->table_count() == 0);
  REQUIRE_FALSE(run.Start().empty());
  CHECK(run->table_count() == 3);
  CHECK(run.End());
}

TEST_CASE("supervisor: a run ramps once and closes once") {
  ScratchRun run(SelfDialRun(100, 3));
  REQUIRE_FALSE(run.Start().empty());
  REQUIRE(run.Wait(Event::kRamped));
  CHECK(run.events(Event::kClosed) == 0);
  REQUIRE(run.End());
  CHECK(run.events(Event::kRamped) == 1);
  CHECK(run.events(Event::kClosed) == 1);
}

TEST_CASE("supervisor: the dialing time begins with the run and ends with the ramp") {
  ScratchRun run(SelfDialRun(100));
  CHECK(run->DialingNs() == 0);
  REQUIRE_FALSE(run.Start().empty());
  REQUIRE(run.Wait(Event::kRamped));
  const int64_t dialing_ns = run->DialingNs();
  CHECK(dialing_ns > 0);
  REQUIRE(run.End());
  CHECK(run->DialingNs() == dialing_ns);
}

TEST_CASE("supervisor: it takes one census at a time, and none after the end of the run") {
  ScratchRun run(SelfDialRun(10));
  Sheet sheet(10);
  CHECK_FALSE(run->TakeCensus({.sheet = &sheet.sheet}));
  REQUIRE_FALSE(run.Start().empty());
  REQUIRE(run.Wait(Run::Event::kRamped));
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(run->TakeCensus({.sheet = &sheet.sheet}));
    CHECK(Eventually([&] { return run.events(Run::Event::kCensused) == i; }));
  }
  CHECK(sheet.sheet.rows() == 10);
  CHECK(sheet.sheet.missed() == 20);
  REQUIRE(run.End());
  CHECK_FALSE(run->TakeCensus({.sheet = &sheet.sheet}));
}

TEST_CASE("supervisor: with any limit of threads the run ends and names the call that failed") {
  REQUIRE(PrivateTablesWork());
  for (rlim_t threads = 1; threads <= 12; ++threads) {
    CAPTURE(threads);
    const int status = InChild([threads] {
      const auto user = static_cast<uid_t>(100'000 + ::getpid());
      if (::getuid() == 0 && ::setuid(user) != 0) return 2;
      const rlimit limit{.rlim_cur = threads, .rlim_max = threads};
      if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return 3;
      RunOptions options = SelfDialRun(300, 3);
      options.table_size = 64;
      ScratchRun run(std::move(options));
      if (const auto started = run->Start(); !started.ok()) {
        const bool named = std::string(started.error().syscall) == "pthread_create";
        return named && started.error().code == EAGAIN ? 0 : 4;
      }
      if (!run.Wait(Event::kRamped)) return 5;
      const bool all = run.totals().established == 300;
      if (!all && run.Errors(Phase::kSocket, EAGAIN) == 0) return 6;
      return run.End() ? 0 : 7;
    });
    CHECK(status == 0);
  }
}

}  // namespace c1m::test
