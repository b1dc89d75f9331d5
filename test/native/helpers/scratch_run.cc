#include "test/native/helpers/scratch_run.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace c1m::test {
namespace {

RunOptions AnyRun() {
  RunOptions options;
  options.max_tables = 1024;
  options.table_size = 65536;
  options.shared_reserve = 64;
  return options;
}

}  // namespace

DialOptions DialTo(std::vector<SocketAddress> targets, uint64_t connections) {
  DialOptions dial;
  dial.sources = {UniqueSources()};
  dial.source_ports = {{.first = 1024, .last = 65535}};
  dial.targets = std::move(targets);
  dial.connections = connections;
  dial.connect_timeout_ns = kPatienceNs;
  return dial;
}

ListenOptions ListenOn(std::vector<SocketAddress> addresses, ListenMode mode) {
  ListenOptions listen;
  listen.addresses = std::move(addresses);
  listen.mode = mode;
  listen.backlog = 4096;
  return listen;
}

RunOptions DialRun(DialOptions dial) {
  RunOptions options = AnyRun();
  options.dial = std::move(dial);
  return options;
}

RunOptions ListenRun(ListenOptions listen) {
  RunOptions options = AnyRun();
  options.listen = std::move(listen);
  return options;
}

RunOptions SelfDialRun(uint64_t connections, uint32_t workers) {
  RunOptions options = AnyRun();
  options.workers = workers;
  options.dial = DialTo({}, connections);
  options.listen = ListenOn({UniqueLoopback()});
  return options;
}

std::vector<SocketAddress> ScratchRun::Start() {
  auto started = run_.Start();
  return started.ok() ? std::move(started.value()) : std::vector<SocketAddress>();
}

bool ScratchRun::Wait(Run::Event event) {
  std::unique_lock lock(mutex_);
  return noted_.wait_for(lock, std::chrono::nanoseconds(kPatienceNs), [&] {
    return std::find(events_.begin(), events_.end(), event) != events_.end();
  });
}

bool ScratchRun::End() {
  run_.Close();
  const bool closed = Wait(Run::Event::kClosed);
  run_.Join();
  return closed;
}

int ScratchRun::events(Run::Event event) {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count(events_.begin(), events_.end(), event));
}

Totals ScratchRun::totals() const {
  const CounterTotals sums = run_.Totals();
  Totals totals;
  size_t i = 0;
#define C1M_READ(name, label) totals.name = sums[i++];
  C1M_COUNTERS(C1M_READ)
#undef C1M_READ
  return totals;
}

uint64_t ScratchRun::Errors(Phase phase, int code) const {
  uint64_t count = 0;
  for (const ErrorTally::Entry& entry : run_.Errors()) {
    if (entry.phase == phase && entry.code == code) count += entry.count;
  }
  return count;
}

void ScratchRun::Note(Run::Event event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(event);
  noted_.notify_all();
}

}  // namespace c1m::test
