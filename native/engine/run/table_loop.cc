#include "native/engine/run/table_loop.h"

#include <algorithm>
#include <utility>

#include "native/engine/run/closing.h"
#include "native/net/clock.h"

namespace c1m {
namespace {

constexpr size_t kReceiveBufferBytes = 64 * 1024;

// A full worker leaves the CPU to those that still dial at full speed, and starts to watch its
// connections this much later at the latest.
constexpr int64_t kWatchDelayNs = 10 * kNsPerSecond;

// Turns after a connection has left in which more of its kind are expected.
constexpr int kEagerTurns = 64;

}  // namespace

Worker::Loop::Loop(Worker& worker, const std::vector<int>& inherited, const Table& table)
    : worker_(worker),
      run_(worker.run_),
      wake_(inherited.front()),
      table_(table.size),
      buffer_(std::make_unique_for_overwrite<char[]>(kReceiveBufferBytes)),
      context_{.run = run_,
               .lane = worker.lane_,
               .reactor = reactor_,
               .table = table_,
               .counters = worker.counters_,
               .buffer = {buffer_.get(), kReceiveBufferBytes},
               .quota = table.quota,
               .shared = table.shared},
      watcher_(context_),
      census_(context_, worker.census_seen_) {
  if (worker.dials_) dialer_.emplace(context_);
  if (run_.options.listen) {
    acceptor_.emplace(context_, std::vector<int>(inherited.begin() + 1, inherited.end()));
  }
}

std::optional<SysError> Worker::Loop::Begin() {
  if (!reactor_.valid()) return reactor_.error();
  if (!reactor_.Add(wake_, EPOLLIN | EPOLLET)) return LastError("epoll_ctl");
  return std::nullopt;
}

Worker::Loop::Outcome Worker::Loop::Run() {
  Serve();
  if (std::exchange(leaving_, false)) {
    PublishOpen();
    return Outcome::kFull;
  }
  if (census_.due()) LeaveCensus();
  CloseConnections(context_);
  return Outcome::kClosed;
}

void Worker::Loop::Serve() {
  while (!run_.closing.load(std::memory_order_acquire)) {
    const int64_t dialer_ns = StepDialer();
    if (leaving_) return;
    const int64_t acceptor_ns = StepAcceptor(dialer_ns == 0 && run_.only_holds_itself());
    const int64_t watcher_ns = dialer_ns == 0 ? Reactor::kForever : StepWatcher();
    const int64_t census_ns = StepCensus();
    const bool at_once = !context_.revisits.empty();
    const int64_t wait_ns = at_once ? 0 : std::min({dialer_ns, acceptor_ns, watcher_ns, census_ns});
    PublishOpen();
    Dispatch(InClosedLoop() ? reactor_.WaitEagerly(wait_ns) : reactor_.Wait(wait_ns));
    worker_.room_.store(context_.room(), std::memory_order_relaxed);
  }
  if (acceptor_) acceptor_->TakeTurn(false);
}

void Worker::Loop::PublishOpen() {
  context_.dialed.Publish();
  context_.accepted.Publish();
}

bool Worker::Loop::InClosedLoop() {
  if (dialer_ && run_.options.dial->churn && !run_.schedule.paced()) return true;
  if (acceptor_ && acceptor_->SawLeaving()) eager_turns_ = kEagerTurns;
  return eager_turns_ > 0 && --eager_turns_ > 0;
}

int64_t Worker::Loop::StepCensus() {
  if (!census_.due()) return Reactor::kForever;
  if (!census_.Step()) return 0;
  worker_.crew_.Ask(Crew::Request::kCensusTaken, worker_.lane_);
  return Reactor::kForever;
}

void Worker::Loop::LeaveCensus() {
  census_.Leave();
  worker_.crew_.Ask(Crew::Request::kCensusTaken, worker_.lane_);
}

int64_t Worker::Loop::StepDialer() {
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
    worker_.crew_.Ask(Crew::Request::kDialerSettled, worker_.lane_);
  }
  return next_ns;
}

int64_t Worker::Loop::StepAcceptor(bool by_hand) {
  if (!acceptor_) return Reactor::kForever;
  Lane& lane = worker_.lane_;
  const bool mine = lane.acceptor.load(std::memory_order_acquire) == &worker_;
  const bool full = acceptor_->full();
  if (mine && full && !asked_for_relief_ && !run_.dials_itself()) {
    if (AnotherTableHelps()) worker_.crew_.Ask(Crew::Request::kRelieveAcceptor, lane);
  } else if (!mine && !full && lane.unserved.load(std::memory_order_acquire) &&
             lane.unserved.exchange(false)) {
    worker_.crew_.Ask(Crew::Request::kRelieveAcceptor, lane);
  }
  asked_for_relief_ = mine && full;
  if (mine && by_hand) acceptor_->TakeDialed();
  return acceptor_->TakeTurn(mine && !full && !by_hand);
}

// A full table with room for nothing would be followed by another just like it, for ever.
bool Worker::Loop::AnotherTableHelps() {
  if (table_.size() > 0) return true;
  run_.tables_used_up.store(true);
  return false;
}

// Watching costs a system call for each connection, so it waits until nothing better is to be done.
int64_t Worker::Loop::StepWatcher() {
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

void Worker::Loop::Dispatch(std::span<const epoll_event> events) {
  const int64_t now_ns = events.empty() ? 0 : NowNs();
  for (const epoll_event& event : events) Handle(event.data.fd, event.events, now_ns);
  if (context_.revisits.empty()) return;
  revisiting_.swap(context_.revisits);
  for (const int fd : revisiting_) {
    if (!table_.revisit(fd)) continue;
    table_.SetRevisit(fd, false);
    Handle(fd, kMaybeEnded, now_ns);
  }
  revisiting_.clear();
}

void Worker::Loop::Handle(int fd, uint32_t events, int64_t now_ns) {
  // Once closing has begun, what a connection suffers may be our own doing: its other end may lie
  // in the table of a worker that closes already.
  if (fd == wake_ || run_.closing.load(std::memory_order_acquire)) return;
  // A shared table may give listening sockets numbers beyond those that connections may have.
  switch (fd < table_.capacity() ? table_.state(fd) : ConnectionState::kNone) {
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
