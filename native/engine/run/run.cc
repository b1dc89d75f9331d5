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

// Descriptors left to the rest of the process where tables can't have tables of their own.
constexpr int kProcessReserve = 64;

// A worker without a table would leave what waits on its listening sockets unserved.
RunOptions WithServedWorkers(RunOptions options) {
  options.workers = std::min(options.workers, options.max_tables);
  return options;
}

}  // namespace

Run::Run(RunOptions options, std::function<void(Event)> notify)
    : state_(WithServedWorkers(std::move(options))), notify_(std::move(notify)) {}

Run::~Run() {
  Close();
  Join();
}

Result<std::vector<SocketAddress>> Run::Start() {
  ReserveDescriptors();
  const auto wake = OpenEventFd();
  if (!wake.ok()) return wake.error();
  state_.wake.Reset(wake.value());
  for (uint32_t i = 0; i < state_.options.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->index = i;
    workers_.back()->cpu = CpuOf(i, state_.options.workers);
  }
  const auto listening = Listen();
  if (!listening.ok()) return listening;
  PrepareWorkers(listening.value());

  const std::lock_guard lock(mutex_);
  state_.started_ns = NowNs();
  for (const auto& worker : workers_) {
    Table* table = OpenTable(*worker, state_.options.dial.has_value());
    const bool needed = tables_.empty() || !state_.options.dial;
    if (table == nullptr && needed) return SysError{thread_error_, "pthread_create"};
  }
  if (const int error = supervisor_.Start([this] { Supervise(); }); error != 0) {
    return SysError{error, "pthread_create"};
  }
  return listening;
}

void Run::ReserveDescriptors() {
  state_.descriptor_limit = RaiseDescriptorLimit();
  state_.private_tables = PrivateTablesWork();
  // The successor of a table would find a shared table just as full.
  most_tables_ = state_.private_tables ? state_.options.max_tables : state_.options.workers;
  state_.shared_table_size =
      std::min(state_.descriptor_limit, static_cast<int>(state_.options.shared_table_size));
  state_.shared_table_quota = std::max(0, state_.shared_table_size - kProcessReserve) /
                              static_cast<int>(state_.options.workers);
}

Result<std::vector<SocketAddress>> Run::Listen() {
  std::vector<SocketAddress> listening;
  if (!state_.options.listen) return listening;
  const ListenOptions& options = *state_.options.listen;
  // Each worker needs a socket of its own: with fewer addresses than workers several share one
  // through SO_REUSEPORT, with more each worker takes several. A worker that dials itself has its
  // own port.
  const size_t addresses = options.addresses.size();
  const size_t sockets = std::max<size_t>(addresses, workers_.size());
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
    Worker& worker = *workers_[i % workers_.size()];
    worker.listeners.emplace_back(opened.value());
    if (state_.dials_itself() && options.close == CloseMode::kRst) ResetOnClose(opened.value());
    if (!again) listening.push_back(SocketAddress::Local(opened.value()).value_or(address));
  }
  return listening;
}

void Run::PrepareWorkers(const std::vector<SocketAddress>& listening) {
  if (!state_.options.dial) return;
  const DialOptions& dial = *state_.options.dial;
  if (!state_.dials_itself()) {
    space_ = std::make_unique<TupleSpace>(dial.sources, dial.source_ports, dial.shard, dial.targets,
                                          dial.churn);
  }
  for (const auto& worker : workers_) {
    if (!state_.dials_itself()) {
      worker->cursor.emplace(*space_);
      continue;
    }
    std::vector<SocketAddress> own;
    for (size_t i = worker->index; i < listening.size(); i += workers_.size()) {
      own.push_back(listening[i]);
    }
    worker->own_space = std::make_unique<TupleSpace>(dial.sources, dial.source_ports, dial.shard,
                                                     std::move(own), dial.churn);
    // Workers that begin at the same place would share bind buckets, which the kernel searches.
    worker->cursor.emplace(*worker->own_space,
                           worker->own_space->size() / workers_.size() * worker->index);
  }
}

Table* Run::OpenTable(Worker& worker, bool dials) {
  if (tables_.size() >= most_tables_) return nullptr;
  Supervisor& supervisor = *this;
  auto table = std::make_unique<Table>(state_, supervisor, worker, dials);
  if (!HasThread(table->Start())) return nullptr;
  // The table can't settle or end before we let go of the mutex.
  Table* added = Enlist(std::move(table), dials);
  if (state_.options.listen) LetAccept(worker, *added);
  return added;
}

Table* Run::OpenNextTable(Table& full) {
  const std::lock_guard lock(mutex_);
  if (state_.closing || state_.schedule.exhausted()) return nullptr;
  Worker& worker = full.worker();
  Supervisor& supervisor = *this;
  // Where tables are shared the next one would be this one.
  if (state_.private_tables && tables_.size() < most_tables_) {
    auto next = std::make_unique<Table>(state_, supervisor, worker, /*dials=*/true);
    // Nobody has to be called: the next one isn't at work yet, and the full one asks on this
    // thread.
    Table* const accepts = worker.acceptor.exchange(next.get(), std::memory_order_acq_rel);
    if (HasThread(full.StartKeeper())) return Enlist(std::move(next), /*dials=*/true);
    worker.acceptor.store(accepts, std::memory_order_release);
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

Table* Run::Enlist(std::unique_ptr<Table> table, bool dials) {
  ++running_;
  if (dials) ++dialing_;
  tables_.push_back(std::move(table));
  return tables_.back().get();
}

void Run::Ask(Request request, Worker& worker) {
  {
    const std::lock_guard lock(mutex_);
    requests_.emplace_back(request, &worker);
  }
  asked_.notify_one();
}

void Run::Supervise() {
  std::unique_lock lock(mutex_);
  for (bool closed = false; !closed;) {
    asked_.wait(lock, [this] { return !requests_.empty(); });
    const auto [request, worker] = requests_.front();
    requests_.pop_front();
    const auto event = Handle(request, *worker);
    if (!event) continue;
    closed = *event == Event::kClosed;
    lock.unlock();
    notify_(*event);
    lock.lock();
  }
}

std::optional<Run::Event> Run::Handle(Request request, Worker& worker) {
  switch (request) {
    case Request::kRelieveAcceptor:
      if (!state_.closing) RelieveAcceptor(worker);
      return std::nullopt;
    case Request::kDialerSettled:
      if (--dialing_ > 0) return std::nullopt;
      if (dialed_ns_ == 0) dialed_ns_ = NowNs();
      state_.ramped.store(true);
      WakeTables();
      return Event::kRamped;
    case Request::kCensusTaken:
      if (--census_takers_ > 0) return std::nullopt;
      return Event::kCensused;
    case Request::kTableEnded:
      if (--running_ > 0) return std::nullopt;
      return Event::kClosed;
  }
  return std::nullopt;
}

void Run::RelieveAcceptor(Worker& worker) {
  const int table = state_.private_tables ? std::min(state_.descriptor_limit,
                                                     static_cast<int>(state_.options.table_size))
                                          : state_.shared_table_quota;
  Table* emptiest = nullptr;
  for (const auto& table : tables_) {
    if (&table->worker() != &worker) continue;
    if (emptiest == nullptr || table->room() > emptiest->room()) emptiest = table.get();
  }
  // A table whose connections have gone serves again before a new one is made.
  const bool rested = emptiest != nullptr && emptiest->room() > table / 8;
  if (!rested && OpenTable(worker, /*dials=*/false) != nullptr) return;
  if (!rested) state_.tables_used_up.store(true);
  if (emptiest != nullptr && emptiest->room() > 0) {
    LetAccept(worker, *emptiest);
  } else {
    worker.unserved.store(true, std::memory_order_release);
    WakeTables();
  }
}

void Run::LetAccept(Worker& worker, Table& table) {
  worker.acceptor.store(&table, std::memory_order_release);
  WakeTables();
}

bool Run::TakeCensus(const CensusOrder& order) {
  const std::lock_guard lock(mutex_);
  if (state_.closing || running_ == 0 || census_takers_ > 0) return false;
  census_takers_ = running_;
  state_.census = order;
  state_.census_number.fetch_add(1, std::memory_order_release);
  WakeTables();
  return true;
}

void Run::WakeTables() {
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
  WakeTables();
}

void Run::NotePeaks() {
  uint64_t established = 0;
  uint64_t dialed_open = 0;
  uint64_t accepted = 0;
  uint64_t accepted_open = 0;
  for (const auto& table : tables_) {
    const Counters& counters = table->counters();
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
  for (const auto& table : tables_) table->Join();
  for (const auto& worker : workers_) worker->listeners.clear();
  state_.wake.Reset();
}

}  // namespace c1m
