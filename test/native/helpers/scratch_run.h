// A Run whose events a test can wait for.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "native/engine/measure/counters.h"
#include "native/engine/run/run.h"
#include "test/native/helpers/eventually.h"
#include "test/native/helpers/loopback.h"

namespace c1m::test {

// The counters by name.
struct Totals {
#define C1M_FIELD(name, label) uint64_t name = 0;
  C1M_COUNTERS(C1M_FIELD)
#undef C1M_FIELD
};

// Dials `connections` from an address of the test's own.
DialOptions DialTo(std::vector<SocketAddress> targets, uint64_t connections);
ListenOptions ListenOn(std::vector<SocketAddress> addresses, ListenMode mode = ListenMode::kSink);

RunOptions DialRun(DialOptions dial);
RunOptions ListenRun(ListenOptions listen);
// A run with both ends, over as many workers.
RunOptions SelfDialRun(uint64_t connections, uint32_t workers = 1);

class ScratchRun {
 public:
  explicit ScratchRun(RunOptions options)
      : run_(std::move(options), [this](Run::Event event) { Note(event); }) {}

  Run* operator->() { return &run_; }

  // Starts the run and returns its listening addresses; empty if it could not start.
  std::vector<SocketAddress> Start();
  // Waits for an event; false if it does not come in time.
  [[nodiscard]] bool Wait(Run::Event event);
  // Closes the run and waits for its end.
  [[nodiscard]] bool End();

  [[nodiscard]] int events(Run::Event event);
  [[nodiscard]] Totals totals() const;
  // How often this error occurred in the run.
  [[nodiscard]] uint64_t Errors(Phase phase, int code) const;

 private:
  void Note(Run::Event event);

  std::mutex mutex_;
  std::condition_variable noted_;
  std::vector<Run::Event> events_;
  Run run_;
};

}  // namespace c1m::test
