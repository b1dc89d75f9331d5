#include "native/engine/run/supervisor.h"

#include <algorithm>
#include <atomic>
#include <string>

#include "native/net/clock.h"
#include "native/net/socket.h"

namespace c1m {

int Supervisor::Start(const std::vector<std::unique_ptr<Worker>>& workers) {
  const std::lock_guard lock(mutex_);
  run_.started_ns = NowNs();
  const bool dials = run_.options.dial.has_value();
  for (const auto& worker : workers) {
    const Table* table = OpenTable(*worker, dials);
    // A dial continues with fewer tables; the sockets of a listener without a table would stay
    // unserved.
    const bool needed = tables_.empty() || !dials;
    if (table == nullptr && needed) return thread_error_;
  }
  return thread_.Start([this] { Supervise(); });
}

bool Supervisor::may_open() const {
  // With shared tables a further one would be the same descriptor table, and just as full.
  const uint32_t most = run_.private_tables ? run_.options.max_tables : run_.options.workers;
  return tables_.size() < most;
}

std::unique_ptr<Table> Supervisor::MakeTable(Worker& worker, bool dials) {
  Table::Owner& owner = *this;
  return std::make_unique<Table>(run_, owner, worker, static_cast<uint32_t>(tables_.size()), dials);
}

Table* Supervisor::OpenTable(Worker& worker, bool dials) {
  if (!may_open()) return nullptr;
  auto table = MakeTable(worker, dials);
  if (!CheckStarted(table->Start())) return nullptr;
  // The table can't settle or end before the caller releases the mutex.
  Table* opened = Register(std::move(table), dials);
  if (run_.options.listen) LetAccept(worker, *opened);
  return opened;
}

Table* Supervisor::OpenNextTable(Table& full) {
  const std::lock_guard lock(mutex_);
  if (run_.closing || run_.schedule.exhausted()) return nullptr;
  Worker& worker = full.worker();
  if (run_.private_tables && may_open()) {
    auto next = MakeTable(worker, /*dials=*/true);
    // No wake-up is needed: the next table is not running yet, and the full one is the caller.
    const uint32_t accepts =
        worker.accepting_table.exchange(next->number(), std::memory_order_acq_rel);
    if (CheckStarted(full.StartKeeper())) return Register(std::move(next), /*dials=*/true);
    worker.accepting_table.store(accepts, std::memory_order_release);
  }
  run_.tables_used_up.store(true);
  return nullptr;
}

bool Supervisor::CheckStarted(int error) {
  if (error == 0) return true;
  thread_error_ = error;
  run_.errors.Count(Phase::kSocket, error, [] { return std::string("pthread_create"); });
  return false;
}

Table* Supervisor::Register(std::unique_ptr<Table> table, bool dials) {
  ++running_;
  if (dials) ++dialing_;
  tables_.push_back(std::move(table));
  return tables_.back().get();
}

void Supervisor::Post(Request request, Worker& worker) {
  {
    const std::lock_guard lock(mutex_);
    requests_.emplace_back(request, &worker);
  }
  request_queued_.notify_one();
}

void Supervisor::Supervise() {
  std::unique_lock lock(mutex_);
  for (bool closed = false; !closed;) {
    request_queued_.wait(lock, [this] { return !requests_.empty(); });
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

std::optional<Supervisor::Event> Supervisor::Handle(Request request, Worker& worker) {
  switch (request) {
    case Request::kRelieveAcceptor:
      if (!run_.closing) RelieveAcceptor(worker);
      return std::nullopt;
    case Request::kDialerSettled:
      if (--dialing_ > 0) return std::nullopt;
      if (dialed_ns_ == 0) dialed_ns_ = NowNs();
      run_.ramped.store(true);
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

void Supervisor::RelieveAcceptor(Worker& worker) {
  const int size = run_.private_tables
                       ? std::min(run_.descriptor_limit, static_cast<int>(run_.options.table_size))
                       : run_.shared_table_quota;
  Table* emptiest = nullptr;
  for (const auto& table : tables_) {
    if (&table->worker() != &worker) continue;
    if (emptiest == nullptr || table->room() > emptiest->room()) emptiest = table.get();
  }
  // Prefers a table whose connections have ended to opening a new one.
  const bool emptied = emptiest != nullptr && emptiest->room() > size / 8;
  if (!emptied && OpenTable(worker, /*dials=*/false) != nullptr) return;
  if (!emptied) run_.tables_used_up.store(true);
  if (emptiest != nullptr && emptiest->room() > 0) {
    LetAccept(worker, *emptiest);
  } else {
    worker.unserved.store(true, std::memory_order_release);
    WakeTables();
  }
}

void Supervisor::LetAccept(Worker& worker, const Table& table) {
  worker.accepting_table.store(table.number(), std::memory_order_release);
  WakeTables();
}

bool Supervisor::TakeCensus(const CensusOrder& order) {
  const std::lock_guard lock(mutex_);
  if (run_.closing || running_ == 0 || census_takers_ > 0) return false;
  census_takers_ = running_;
  run_.census = order;
  run_.census_number.fetch_add(1, std::memory_order_release);
  WakeTables();
  return true;
}

bool Supervisor::census_under_way() const {
  const std::lock_guard lock(mutex_);
  return census_takers_ > 0;
}

void Supervisor::WakeTables() {
  run_.wake_ups.fetch_add(1, std::memory_order_release);
  run_.wake_ups.notify_all();
  if (run_.wake.valid()) Signal(run_.wake.get());
}

void Supervisor::Close() {
  const std::lock_guard lock(mutex_);
  if (run_.closing) return;
  if (dialed_ns_ == 0) dialed_ns_ = NowNs();
  NotePeaks();
  run_.closing.store(true, std::memory_order_release);
  WakeTables();
}

void Supervisor::NotePeaks() {
  uint64_t established = 0;
  uint64_t dialed_open = 0;
  uint64_t accepted = 0;
  uint64_t accepted_open = 0;
  for (const auto& table : tables_) {
    const Counters& counters = table->counters();
    // Reads the open ones before the total, because the two are equal only if none was closed.
    dialed_open += counters.dialed_open.get();
    accepted_open += counters.accepted_open.get();
    established += counters.established.get();
    accepted += counters.accepted.get();
  }
  // If they differ, the sum may include connections that were not open at the same time.
  if (dialed_open == established) run_.dialed_open.AtLeast(dialed_open);
  if (accepted_open == accepted) run_.accepted_open.AtLeast(accepted_open);
}

void Supervisor::Join() {
  thread_.Join();
  for (const auto& table : tables_) table->Join();
}

CounterTotals Supervisor::Totals() const {
  const std::lock_guard lock(mutex_);
  CounterTotals totals{};
  for (const auto& table : tables_) AddTo(totals, table->counters());
  return totals;
}

size_t Supervisor::table_count() const {
  const std::lock_guard lock(mutex_);
  return tables_.size();
}

int64_t Supervisor::DialingNs() const {
  const std::lock_guard lock(mutex_);
  if (run_.started_ns == 0) return 0;
  return (dialed_ns_ == 0 ? NowNs() : dialed_ns_) - run_.started_ns;
}

}  // namespace c1m
