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

// `connections` from one address of the test's own.
DialOptions DialTo(std::vector<SocketAddress> targets, uint64_t connections);
ListenOptions ListenOn(std::vector<SocketAddress> addresses, ListenMode mode = ListenMode::kSink);

RunOptions DialRun(DialOptions dial);
RunOptions ListenRun(ListenOptions listen);
// Both ends in one run, over as many workers.
RunOptions SelfDialRun(uint64_t connections, uint32_t workers = 1);

class ScratchRun {
 public:
  explicit ScratchRun(RunOptions options)
      : run_(std::move(options), [this](Run::Event event) { Note(event); }) {}

  Run* operator->() { return &run_; }

  // Starts it; what it listens on, or nothing when it could not.
  std::vector<SocketAddress> Start();
  // Waits for an event; false when it doesn't come in time.
  [[nodiscard]] bool Wait(Run::Event event);
  // Closes it and waits until all is over.
  [[nodiscard]] bool End();

  [[nodiscard]] int events(Run::Event event);
  [[nodiscard]] Totals totals() const;
  // How often the run met this error.
  [[nodiscard]] uint64_t Errors(Phase phase, int code) const;

 private:
  void Note(Run::Event event);

  std::mutex mutex_;
  std::condition_variable noted_;
  std::vector<Run::Event> events_;
  Run run_;
};

}  // namespace c1m::test
