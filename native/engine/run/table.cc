#include "native/engine/run/table.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "native/engine/run/table_loop.h"
#include "native/net/cpu.h"
#include "native/net/descriptor_table.h"
#include "native/net/fd.h"

namespace c1m {
namespace {

// Descriptors that a table keeps free in addition to its connections: for epoll, and some for the C
// library.
constexpr int kSpareDescriptors = 8;

// The wake-up first, then the worker's listening sockets.
std::vector<int> Inherited(const RunState& run, const Worker& worker) {
  std::vector<int> descriptors{run.wake.get()};
  for (const UniqueFd& listener : worker.listeners) descriptors.push_back(listener.get());
  return descriptors;
}

}  // namespace

Table::Table(RunState& run, Owner& owner, Worker& worker, uint32_t number, bool dials)
    : run_(run),
      owner_(owner),
      worker_(worker),
      number_(number),
      dials_(dials),
      census_seen_(run.census_number.load()) {}

Table::~Table() = default;

int Table::Start() {
  return thread_.Start([this] { Lead(); });
}

int Table::StartKeeper() {
  return keeper_.Start([this] {
    loop_->Run();
    End();
  });
}

void Table::Join() {
  thread_.Join();
  keeper_.Join();
}

void Table::Lead() {
  // SCHED_BATCH threads never preempt one another: otherwise an acceptor would preempt the dialer
  // at every SYN. And JavaScript's thread can preempt them at once.
  const sched_param no_priority{};
  ::sched_setscheduler(0, SCHED_BATCH, &no_priority);
  MoveToCpu(std::exchange(worker_.cpu, -1));
  std::vector<int> inherited = Inherited(run_, worker_);
  Attach(inherited, run_.private_tables && EnterPrivateTable(inherited));
  Table* table = this;
  while (Table* next = table->Serve()) {
    // The keeper now owns the previous table, together with its descriptor table.
    if (!EnterPrivateTable(inherited)) {
      next->Park(LastError("close_range"));
      return;
    }
    next->Attach(inherited, /*own_table=*/true);
    table = next;
  }
}

void Table::Attach(const std::vector<int>& inherited, bool own_table) {
  Loop::Limits limits{
      .size = run_.shared_table_size, .quota = run_.shared_table_quota, .shared = !own_table};
  if (own_table) {
    limits.size = std::min(run_.descriptor_limit, static_cast<int>(run_.options.table_size));
    const int others = kFirstFreeFd + static_cast<int>(inherited.size()) + kSpareDescriptors;
    limits.quota = std::max(0, limits.size - others);
    owned_ = inherited;
  }
  loop_ = std::make_unique<Loop>(*this, inherited, limits);
}

Table* Table::Serve() {
  if (const auto error = loop_->Begin()) {
    Park(*error);
    return nullptr;
  }
  if (loop_->Run() == Loop::Outcome::kFull) {
    if (Table* next = owner_.OpenNextTable(*this)) return next;
    loop_->Run();
  }
  End();
  return nullptr;
}

void Table::Park(const SysError& error) {
  // Not an error if the run is closing: the keeper of the previous table may already have closed
  // the descriptors that this table was to inherit.
  if (!run_.closing.load(std::memory_order_acquire)) {
    run_.errors.Count(Phase::kSocket, error.code, [&] { return std::string(error.syscall); });
    run_.tables_used_up.store(true);
  }
  if (dials_) owner_.Post(Request::kDialerSettled, worker_);
  uint32_t census_seen = census_seen_;
  for (bool closing = false; !closing;) {
    const uint32_t heard = run_.wake_ups.load(std::memory_order_acquire);
    closing = run_.closing.load(std::memory_order_acquire);
    const uint32_t census = run_.census_number.load(std::memory_order_acquire);
    if (std::exchange(census_seen, census) != census) {
      owner_.Post(Request::kCensusTaken, worker_);
    }
    if (!closing) run_.wake_ups.wait(heard);
  }
  End();
}

void Table::End() {
  loop_.reset();
  // The kernel frees a thread's descriptor table only after pthread_join has returned; until then
  // the listening sockets would keep their ports.
  for (const int fd : owned_) ::close(fd);
  owner_.Post(Request::kTableEnded, worker_);
}

}  // namespace c1m
