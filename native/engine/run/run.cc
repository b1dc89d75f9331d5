#include "native/engine/run/run.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "native/net/clock.h"
#include "native/net/cpu.h"
#include "native/net/descriptor_table.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

// Descriptors left to the rest of the process where workers can't have tables of their own.
constexpr int kProcessReserve = 64;

// A lane without a worker would leave what waits on its listening sockets unserved.
RunOptions WithServedLanes(RunOptions options) {
  options.lanes = std::min(options.lanes, options.max_workers);
  return options;
}

}  // namespace

Run::Run(RunOptions options, std::function<void(Event)> notify)
    : state_(WithServedLanes(std::move(options))), notify_(std::move(notify)) {}

Run::~Run() {
  Close();
  Join();
}

Result<std::vector<SocketAddress>> Run::Start() {
  ReserveDescriptors();
  const auto wake = OpenEventFd();
  if (!wake.ok()) return wake.error();
  state_.wake.Reset(wake.value());
  for (uint32_t i = 0; i < state_.options.lanes; ++i) {
    lanes_.push_back(std::make_unique<Lane>());
    lanes_.back()->index = i;
    lanes_.back()->cpu = CpuOf(i, state_.options.lanes);
  }
  const auto listening = Listen();
  if (!listening.ok()) return listening;
  PrepareLanes(listening.value());

  const std::lock_guard lock(mutex_);
  state_.started_ns = NowNs();
  for (const auto& lane : lanes_) {
    Worker* worker = AddWorker(*lane, state_.options.dial.has_value());
    const bool needed = workers_.empty() || !state_.options.dial;
    if (worker == nullptr && needed) return SysError{thread_error_, "pthread_create"};
  }
  if (const int error = supervisor_.Start([this] { Supervise(); }); error != 0) {
    return SysError{error, "pthread_create"};
  }
  return listening;
}

void Run::ReserveDescriptors() {
  state_.descriptor_limit = RaiseDescriptorLimit();
  state_.private_tables = PrivateTablesWork();
  // The successor of a worker would find a shared table just as full.
  most_workers_ = state_.private_tables ? state_.options.max_workers : state_.options.lanes;
  state_.shared_table_size =
      std::min(state_.descriptor_limit, static_cast<int>(state_.options.shared_table_size));
  state_.shared_table_quota = std::max(0, state_.shared_table_size - kProcessReserve) /
                              static_cast<int>(state_.options.lanes);
}

Result<std::vector<SocketAddress>> Run::Listen() {
  std::vector<SocketAddress> listening;
  if (!state_.options.listen) return listening;
  const ListenOptions& options = *state_.options.listen;
  // Each lane needs a socket of its own: with fewer addresses than lanes several share one through
  // SO_REUSEPORT, with more each lane takes several. A lane that dials itself has its own port.
  const size_t addresses = options.addresses.size();
  const size_t sockets = std::max<size_t>(addresses, lanes_.size());
  for (size_t i = 0; i < sockets; ++i) {
    const size_t place = i % addresses;
    const bool again = i >= addresses && !state_.dials_itself();
    const SocketAddress& address = again ? listening[place] : options.addresses[place];
    const bool shares = !state_.dials_itself() && sockets > addresses;
    const PortSharing sharing = again    ? PortSharing::kNext
                                : shares ? PortSharing::kFirst
                                         : PortSharing::kNone;
    const auto opened = OpenListener(address, options.backlog, sharing);
    if (!opened.ok()) {
      state_.errors.Count(Phase::kBind, opened.error().code, [&] { return address.ToString(); });
      return opened.error();
    }
    Lane& lane = *lanes_[i % lanes_.size()];
    lane.listeners.emplace_back(opened.value());
    if (state_.dials_itself() && options.close == CloseMode::kRst) ResetOnClose(opened.value());
    if (!again) listening.push_back(SocketAddress::Local(opened.value()).value_or(address));
  }
  return listening;
}

void Run::PrepareLanes(const std::vector<SocketAddress>& listening) {
  if (!state_.options.dial) return;
  const DialOptions& dial = *state_.options.dial;
  if (!state_.dials_itself()) {
    space_ = std::make_unique<TupleSpace>(dial.sources, dial.source_ports, dial.shard, dial.targets,
                                          dial.churn);
  }
  for (const auto& lane : lanes_) {
    if (!state_.dials_itself()) {
      lane->cursor.emplace(*space_);
      continue;
    }
    std::vector<SocketAddress> own;
    for (size_t i = lane->index; i < listening.size(); i += lanes_.size()) {
      own.push_back(listening[i]);
    }
    lane->own_space = std::make_unique<TupleSpace>(dial.sources, dial.source_ports, dial.shard,
                                                   std::move(own), dial.churn);
    // Lanes that begin at the same place would share bind buckets, which the kernel searches.
    lane->cursor.emplace(*lane->own_space, lane->own_space->size() / lanes_.size() * lane->index);
  }
}

Worker* Run::AddWorker(Lane& lane, bool dials) {
  if (workers_.size() >= most_workers_) return nullptr;
  Crew& crew = *this;
  auto worker = std::make_unique<Worker>(state_, crew, lane, dials);
  if (!HasThread(worker->Start())) return nullptr;
  // The worker can't settle or end before we let go of the mutex.
  Worker* added = Enlist(std::move(worker), dials);
  if (state_.options.listen) LetAccept(lane, *added);
  return added;
}

Worker* Run::Follow(Worker& full) {
  const std::lock_guard lock(mutex_);
  if (state_.closing || state_.schedule.exhausted()) return nullptr;
  Lane& lane = full.lane();
  Crew& crew = *this;
  // Where tables are shared the next one would be this one.
  if (state_.private_tables && workers_.size() < most_workers_) {
    auto next = std::make_unique<Worker>(state_, crew, lane, /*dials=*/true);
    // Nobody has to be called: the next one isn't at work yet, and the full one asks on this
    // thread.
    Worker* const accepts = lane.acceptor.exchange(next.get(), std::memory_order_acq_rel);
    if (HasThread(full.StartKeeper())) return Enlist(std::move(next), /*dials=*/true);
    lane.acceptor.store(accepts, std::memory_order_release);
  }
  state_.tables_used_up.store(true);
  return nullptr;
}

bool Run::HasThread(int error) {
  if (error == 0) return true;
  thread_error_ = error;
  state_.errors.Count(Phase::kSocket, error, [] { return std::string("pthread_create"); });
  return false;
}

Worker* Run::Enlist(std::unique_ptr<Worker> worker, bool dials) {
  ++running_;
  if (dials) ++dialing_;
  workers_.push_back(std::move(worker));
  return workers_.back().get();
}

void Run::Ask(Request request, Lane& lane) {
  {
    const std::lock_guard lock(mutex_);
    requests_.emplace_back(request, &lane);
  }
  asked_.notify_one();
}

void Run::Supervise() {
  std::unique_lock lock(mutex_);
  for (bool closed = false; !closed;) {
    asked_.wait(lock, [this] { return !requests_.empty(); });
    const auto [request, lane] = requests_.front();
    requests_.pop_front();
    const auto event = Handle(request, *lane);
    if (!event) continue;
    closed = *event == Event::kClosed;
    lock.unlock();
    notify_(*event);
    lock.lock();
  }
}

std::optional<Run::Event> Run::Handle(Request request, Lane& lane) {
  switch (request) {
    case Request::kRelieveAcceptor:
      if (!state_.closing) RelieveAcceptor(lane);
      return std::nullopt;
    case Request::kDialerSettled:
      if (--dialing_ > 0) return std::nullopt;
      if (dialed_ns_ == 0) dialed_ns_ = NowNs();
      state_.ramped.store(true);
      CallWorkers();
      return Event::kRamped;
    case Request::kCensusTaken:
      if (--census_takers_ > 0) return std::nullopt;
      return Event::kCensused;
    case Request::kWorkerEnded:
      if (--running_ > 0) return std::nullopt;
      return Event::kClosed;
  }
  return std::nullopt;
}

void Run::RelieveAcceptor(Lane& lane) {
  const int table = state_.private_tables ? std::min(state_.descriptor_limit,
                                                     static_cast<int>(state_.options.table_size))
                                          : state_.shared_table_quota;
  Worker* emptiest = nullptr;
  for (const auto& worker : workers_) {
    if (&worker->lane() != &lane) continue;
    if (emptiest == nullptr || worker->room() > emptiest->room()) emptiest = worker.get();
  }
  // A worker whose connections have gone serves again before a new one is made.
  const bool rested = emptiest != nullptr && emptiest->room() > table / 8;
  if (!rested && AddWorker(lane, /*dials=*/false) != nullptr) return;
  if (!rested) state_.tables_used_up.store(true);
  if (emptiest != nullptr && emptiest->room() > 0) {
    LetAccept(lane, *emptiest);
  } else {
    lane.unserved.store(true, std::memory_order_release);
    CallWorkers();
  }
}

void Run::LetAccept(Lane& lane, Worker& worker) {
  lane.acceptor.store(&worker, std::memory_order_release);
  CallWorkers();
}

bool Run::TakeCensus(const CensusOrder& order) {
  const std::lock_guard lock(mutex_);
  if (state_.closing || running_ == 0 || census_takers_ > 0) return false;
  census_takers_ = running_;
  state_.census = order;
  state_.census_number.fetch_add(1, std::memory_order_release);
  CallWorkers();
  return true;
}

void Run::CallWorkers() {
  state_.calls.fetch_add(1, std::memory_order_release);
  state_.calls.notify_all();
  if (state_.wake.valid()) Signal(state_.wake.get());
}

void Run::Close() {
  const std::lock_guard lock(mutex_);
  if (state_.closing) return;
  if (dialed_ns_ == 0) dialed_ns_ = NowNs();
  NotePeaks();
  state_.closing.store(true, std::memory_order_release);
  CallWorkers();
}

void Run::NotePeaks() {
  uint64_t established = 0;
  uint64_t dialed_open = 0;
  uint64_t accepted = 0;
  uint64_t accepted_open = 0;
  for (const auto& worker : workers_) {
    const Counters& counters = worker->counters();
    // Those open before those there ever were, so that the two are equal only if none was closed.
    dialed_open += counters.dialed_open.get();
    accepted_open += counters.accepted_open.get();
    established += counters.established.get();
    accepted += counters.accepted.get();
  }
  // Otherwise the sum could be of connections that were open one after the other.
  if (dialed_open == established) state_.dialed_open.AtLeast(dialed_open);
  if (accepted_open == accepted) state_.accepted_open.AtLeast(accepted_open);
}

void Run::Join() {
  supervisor_.Join();
  for (const auto& worker : workers_) worker->Join();
  for (const auto& lane : lanes_) lane->listeners.clear();
  state_.wake.Reset();
}

}  // namespace c1m
