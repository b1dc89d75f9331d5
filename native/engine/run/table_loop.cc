#include "native/engine/run/table_loop.h"

#include <algorithm>
#include <utility>

#include "native/engine/run/closing.h"
#include "native/net/clock.h"

namespace c1m {
namespace {

constexpr size_t kReceiveBufferBytes = 64 * 1024;

// In a run at full speed the keeper of a full table delays watching its connections by up to this
// time, to leave the CPU to threads that still dial.
constexpr int64_t kWatchDelayNs = 10 * kNsPerSecond;

// After a peer has closed a connection, more short connections are expected for this many turns.
constexpr int kEagerTurns = 64;

}  // namespace

Table::Loop::Loop(Table& table, const std::vector<int>& inherited, const Limits& limits)
    : table_(table),
      run_(table.run_),
      wake_(inherited.front()),
      connections_(limits.size),
      buffer_(std::make_unique_for_overwrite<char[]>(kReceiveBufferBytes)),
      context_{.run = run_,
               .worker = table.worker_,
               .reactor = reactor_,
               .connections = connections_,
               .counters = table.counters_,
               .buffer = {buffer_.get(), kReceiveBufferBytes},
               .quota = limits.quota,
               .shared = limits.shared},
      watcher_(context_),
      census_(context_, table.census_seen_),
      prover_(context_) {
  if (table.dials_) dialer_.emplace(context_);
  if (run_.options.listen) {
    acceptor_.emplace(context_, std::vector<int>(inherited.begin() + 1, inherited.end()));
  }
}

std::optional<SysError> Table::Loop::Begin() {
  if (!reactor_.valid()) return reactor_.error();
  if (!reactor_.Add(wake_, EPOLLIN | EPOLLET)) return LastError("epoll_ctl");
  return std::nullopt;
}

Table::Loop::Outcome Table::Loop::Run() {
  Serve();
  if (std::exchange(leaving_, false)) {
    PublishOpen();
    return Outcome::kFull;
  }
  if (census_.due()) LeaveCensus();
  CloseConnections(context_);
  return Outcome::kClosed;
}

void Table::Loop::Serve() {
  const std::optional<SelfDial>& self_dial = table_.worker_.self_dial;
  const bool only_holds = self_dial && self_dial->only_holds();
  while (!run_.closing.load(std::memory_order_acquire)) {
    const int64_t dialer_ns = StepDialer();
    if (leaving_) return;
    const int64_t acceptor_ns = StepAcceptor(dialer_ns == 0 && only_holds);
    const int64_t watcher_ns = dialer_ns == 0 ? Reactor::kForever : StepWatcher();
    const int64_t census_ns = StepCensus();
    const bool at_once = !context_.revisits.empty();
    const int64_t wait_ns = at_once ? 0 : std::min({dialer_ns, acceptor_ns, watcher_ns, census_ns});
    PublishOpen();
    Dispatch(InClosedLoop() ? reactor_.WaitEagerly(wait_ns) : reactor_.Wait(wait_ns));
    table_.room_.store(context_.room(), std::memory_order_relaxed);
  }
  if (acceptor_) acceptor_->TakeTurn(false);
}

void Table::Loop::PublishOpen() {
  context_.dialed.Publish();
  context_.accepted.Publish();
}

bool Table::Loop::InClosedLoop() {
  if (dialer_ && run_.options.dial->churn && !run_.schedule.paced()) return true;
  if (acceptor_ && acceptor_->SawClose()) eager_turns_ = kEagerTurns;
  return eager_turns_ > 0 && --eager_turns_ > 0;
}

int64_t Table::Loop::StepCensus() {
  if (!census_.due()) return Reactor::kForever;
  if (run_.census.sheet == nullptr) {
    if (!prover_.Step()) return 0;
    census_.Leave();
  } else if (!census_.Step()) {
    return 0;
  }
  table_.owner_.Post(Request::kCensusTaken, table_.worker_);
  return Reactor::kForever;
}

void Table::Loop::LeaveCensus() {
  prover_.Leave();
  census_.Leave();
  table_.owner_.Post(Request::kCensusTaken, table_.worker_);
}

int64_t Table::Loop::StepDialer() {
  if (!dialer_) return Reactor::kForever;
  const int64_t now_ns = NowNs();
  const int64_t next_ns = dialer_->Step(now_ns);
  if (dialer_->finished() && finished_ns_ == 0) {
    finished_ns_ = now_ns;
    leaving_ = dialer_->full() && AnotherTableHelps();
    if (leaving_) return 0;
  }
  if (dialer_->settled() && !settled_) {
    settled_ = true;
    table_.owner_.Post(Request::kDialerSettled, table_.worker_);
  }
  return next_ns;
}

int64_t Table::Loop::StepAcceptor(bool accept_inline) {
  if (!acceptor_) return Reactor::kForever;
  Worker& worker = table_.worker_;
  const bool mine = worker.accepting_table.load(std::memory_order_acquire) == table_.number_;
  const bool full = acceptor_->full();
  // In a self-dial the dialer opens the next table, which accepts from then on.
  if (mine && full && !asked_for_relief_ && !worker.self_dial) {
    if (AnotherTableHelps()) table_.owner_.Post(Request::kRelieveAcceptor, worker);
  } else if (!mine && !full && worker.unserved.load(std::memory_order_acquire) &&
             worker.unserved.exchange(false)) {
    table_.owner_.Post(Request::kRelieveAcceptor, worker);
  }
  asked_for_relief_ = mine && full;
  if (mine && accept_inline) acceptor_->AcceptDialed();
  return acceptor_->TakeTurn(mine && !full && !accept_inline);
}

// Without this check, a full table that never had room for a connection would be followed by
// identical ones without end.
bool Table::Loop::AnotherTableHelps() {
  if (connections_.size() > 0) return true;
  run_.tables_used_up.store(true);
  return false;
}

// Watching costs a system call per connection, so it waits until nothing is left to dial.
int64_t Table::Loop::StepWatcher() {
  if (context_.unwatched == 0) return Reactor::kForever;
  if (run_.ramped.load(std::memory_order_relaxed)) {
    return run_.options.dial->hold ? watcher_.Step() : Reactor::kForever;
  }
  if (dialer_->finished() && !run_.schedule.paced()) {
    const int64_t due_ns = finished_ns_ + kWatchDelayNs;
    if (NowNs() < due_ns) return due_ns;
  }
  return watcher_.Step();
}

void Table::Loop::Dispatch(std::span<const epoll_event> events) {
  const int64_t now_ns = events.empty() ? 0 : NowNs();
  for (const epoll_event& event : events) Handle(event.data.fd, event.events, now_ns);
  if (context_.revisits.empty()) return;
  revisiting_.swap(context_.revisits);
  for (const int fd : revisiting_) {
    if (!connections_.revisit(fd)) continue;
    connections_.SetRevisit(fd, false);
    Handle(fd, kMaybeEnded, now_ns);
  }
  revisiting_.clear();
}

void Table::Loop::Handle(int fd, uint32_t events, int64_t now_ns) {
  // Once the run closes, a table may already have closed the other end of a connection of this one.
  if (fd == wake_ || run_.closing.load(std::memory_order_acquire)) return;
  // In a shared table, listening sockets may have numbers above those allowed for connections.
  switch (fd < connections_.capacity() ? connections_.state(fd) : ConnectionState::kNone) {
    case ConnectionState::kConnecting:
    case ConnectionState::kDialed:
      dialer_->OnEvent(fd, events, now_ns);
      return;
    case ConnectionState::kAccepted:
      acceptor_->OnEvent(fd, events);
      return;
    case ConnectionState::kNone:
      if (acceptor_) acceptor_->OnListener(fd);
      return;
  }
}

}  // namespace c1m
