#include "native/engine/worker.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "native/engine/acceptor.h"
#include "native/engine/census_taker.h"
#include "native/engine/closing.h"
#include "native/engine/dialer.h"
#include "native/engine/peer_input.h"
#include "native/engine/watcher.h"
#include "native/engine/worker_context.h"
#include "native/net/clock.h"
#include "native/net/cpu.h"
#include "native/net/descriptor_table.h"

namespace c1m {
namespace {

constexpr size_t kReceiveBufferBytes = 64 * 1024;

// Descriptors a table keeps free beyond its connections: epoll itself and a little slack for the C
// library.
constexpr int kSpareDescriptors = 8;

// A full worker leaves the CPU to those that still dial at full speed, and starts to watch its
// connections this much later at the latest.
constexpr int64_t kWatchDelayNs = 10 * kNsPerSecond;

// Turns after a connection has left in which more of its kind are expected.
constexpr int kEagerTurns = 64;

// Descriptors in the order: wake-up, then the lane's listening sockets.
std::vector<int> Inherited(const RunState& run, const Lane& lane) {
  std::vector<int> descriptors{run.wake.get()};
  for (const UniqueFd& listener : lane.listeners) descriptors.push_back(listener.get());
  return descriptors;
}

}  // namespace

Worker::Worker(RunState& run, Crew& crew, Lane& lane, bool dials)
    : run_(run), crew_(crew), lane_(lane), dials_(dials), census_seen_(run.census_number.load()) {}

int Worker::Start() {
  return thread_.Start([this] { Main(); });
}

// Everything that lives in the worker's descriptor table: made and destroyed on its thread.
class Worker::Loop {
 public:
  Loop(Worker& worker, const std::vector<int>& inherited, int table_size, int quota)
      : worker_(worker),
        run_(worker.run_),
        wake_(inherited.front()),
        table_(table_size),
        buffer_(std::make_unique_for_overwrite<char[]>(kReceiveBufferBytes)),
        context_{.run = run_,
                 .lane = worker.lane_,
                 .reactor = reactor_,
                 .table = table_,
                 .counters = worker.counters_,
                 .buffer = {buffer_.get(), kReceiveBufferBytes},
                 .quota = quota},
        watcher_(context_),
        census_(context_, worker.census_seen_) {
    if (worker.dials_) dialer_.emplace(context_);
    if (run_.options.listen) {
      acceptor_.emplace(context_, std::vector<int>(inherited.begin() + 1, inherited.end()));
    }
  }

  void Run() {
    if (reactor_.valid() && reactor_.Add(wake_, EPOLLIN | EPOLLET)) {
      Serve();
    } else {
      GiveUp(errno);
    }
    if (census_.due()) LeaveCensus();
    CloseConnections(context_);
  }

 private:
  void Serve() {
    while (!run_.closing.load(std::memory_order_acquire)) {
      const int64_t dialer_ns = StepDialer();
      const int64_t acceptor_ns = StepAcceptor();
      const int64_t watcher_ns = dialer_ns == 0 ? Reactor::kForever : StepWatcher();
      const int64_t census_ns = StepCensus();
      const bool at_once = !context_.revisits.empty();
      const int64_t wait_ns =
          at_once ? 0 : std::min({dialer_ns, acceptor_ns, watcher_ns, census_ns});
      Dispatch(InClosedLoop() ? reactor_.WaitEagerly(wait_ns) : reactor_.Wait(wait_ns));
      worker_.room_.store(context_.room(), std::memory_order_relaxed);
    }
    if (acceptor_) acceptor_->TakeTurn(false);
  }

  // Whether the next event follows from what this worker has just done: short connections as fast
  // as both ends can. (A ramp is not one: it would take the CPU from those that dial.)
  bool InClosedLoop() {
    if (dialer_ && run_.options.dial->churn && !run_.schedule.paced()) return true;
    if (acceptor_ && acceptor_->SawLeaving()) eager_turns_ = kEagerTurns;
    return eager_turns_ > 0 && --eager_turns_ > 0;
  }

  // Without epoll there is no work to be done; the thread stays until the run closes, as every
  // worker does.
  void GiveUp(int error) {
    run_.errors.Count(Phase::kSocket, error, [] { return std::string("epoll_create1"); });
    run_.tables_used_up.store(true);
    if (dialer_) worker_.crew_.Ask(Crew::Request::kDialerSettled, worker_.lane_);
    while (!run_.closing) {
      const uint32_t heard = run_.calls.load(std::memory_order_acquire);
      if (census_.due()) LeaveCensus();
      if (!run_.closing) run_.calls.wait(heard);
    }
  }

  int64_t StepCensus() {
    if (!census_.due()) return Reactor::kForever;
    if (!census_.Step()) return 0;
    worker_.crew_.Ask(Crew::Request::kCensusTaken, worker_.lane_);
    return Reactor::kForever;
  }

  void LeaveCensus() {
    census_.Leave();
    worker_.crew_.Ask(Crew::Request::kCensusTaken, worker_.lane_);
  }

  int64_t StepDialer() {
    if (!dialer_) return Reactor::kForever;
    const int64_t now_ns = NowNs();
    const int64_t next_ns = dialer_->Step(now_ns);
    if (dialer_->finished() && !relieved_) {
      relieved_ = true;
      finished_ns_ = now_ns;
      if (dialer_->full()) {
        // What it holds from now on leaves its CPU to the successor.
        worker_.lane_.cpu = CurrentCpu();
        Relieve(Crew::Request::kRelieveDialer);
      }
    }
    if (dialer_->settled() && !settled_) {
      settled_ = true;
      worker_.crew_.Ask(Crew::Request::kDialerSettled, worker_.lane_);
    }
    return next_ns;
  }

  // A table with room for nothing would be followed by another just like it, for ever.
  void Relieve(Crew::Request request) {
    if (table_.size() == 0) {
      run_.tables_used_up.store(true);
    } else {
      worker_.crew_.Ask(request, worker_.lane_);
    }
  }

  int64_t StepAcceptor() {
    if (!acceptor_) return Reactor::kForever;
    Lane& lane = worker_.lane_;
    const bool mine = lane.acceptor.load(std::memory_order_acquire) == &worker_;
    const bool full = acceptor_->full();
    if (mine && full && !asked_for_relief_ && !run_.dials_itself()) {
      Relieve(Crew::Request::kRelieveAcceptor);
    } else if (!mine && !full && lane.unserved.load(std::memory_order_acquire) &&
               lane.unserved.exchange(false)) {
      worker_.crew_.Ask(Crew::Request::kRelieveAcceptor, lane);
    }
    asked_for_relief_ = mine && full;
    return acceptor_->TakeTurn(mine && !full);
  }

  // Watching costs a system call for each connection, so it waits until nothing better is to be
  // done.
  int64_t StepWatcher() {
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

  void Dispatch(std::span<const epoll_event> events) {
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

  void Handle(int fd, uint32_t events, int64_t now_ns) {
    // Once closing has begun, what a connection suffers may be our own doing: its other end may lie
    // in the table of a worker that closes already.
    if (fd == wake_ || run_.closing.load(std::memory_order_acquire)) return;
    switch (table_.state(fd)) {
      case ConnectionState::kConnecting:
      case ConnectionState::kDialed:
        dialer_->OnEvent(fd, events, now_ns);
        return;
      case ConnectionState::kAccepted:
        acceptor_->OnEvent(fd, events);
        return;
      case ConnectionState::kNone:
        acceptor_->OnListener(fd);
        return;
    }
  }

  Worker& worker_;
  RunState& run_;
  const int wake_;
  Reactor reactor_;
  ConnectionTable table_;
  std::unique_ptr<char[]> buffer_;
  WorkerContext context_;
  Watcher watcher_;
  CensusTaker census_;
  std::optional<Dialer> dialer_;
  std::optional<Acceptor> acceptor_;
  std::vector<int> revisiting_;
  int64_t finished_ns_ = 0;
  bool relieved_ = false;
  bool settled_ = false;
  bool asked_for_relief_ = false;
  int eager_turns_ = 0;
};

void Worker::Main() {
  // A batch thread never preempts: an acceptor that woke at every SYN would take the dialer's CPU
  // away each time, and JavaScript's thread gets its turn at once.
  const sched_param no_priority{};
  ::sched_setscheduler(0, SCHED_BATCH, &no_priority);
  MoveToCpu(lane_.cpu.exchange(-1));
  std::vector<int> inherited = Inherited(run_, lane_);
  int table_size = run_.descriptor_limit;
  int quota = run_.shared_table_quota;
  const bool own_table = run_.private_tables && EnterPrivateTable(inherited);
  if (own_table) {
    table_size = std::min<int>(table_size, static_cast<int>(run_.options.table_size));
    quota = table_size - kFirstFreeFd - static_cast<int>(inherited.size()) - kSpareDescriptors;
  }
  {
    Loop loop(*this, inherited, table_size, std::max(quota, 0));
    loop.Run();
  }
  // The kernel drops the table of a thread only after pthread_join has returned: until then its
  // listening sockets would keep their ports.
  if (own_table) {
    for (const int fd : inherited) ::close(fd);
  }
  crew_.Ask(Crew::Request::kWorkerEnded, lane_);
}

}  // namespace c1m
