#include "native/engine/run/run.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include "native/net/cpu.h"
#include "native/net/descriptor_table.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

// Limits the workers to the number of tables, because a worker without a table would leave the
// connections on its listening sockets unserved.
RunOptions WithServedWorkers(RunOptions options) {
  options.workers = std::min(options.workers, options.max_tables);
  return options;
}

// Opens a listener of a self-dial on a port that the kernel chooses. If the kernel has none left,
// because all of ip_local_port_range is in use or ip_local_reserved_ports covers it, takes the
// highest free port: first of the run's source ports, which exclude reserved ones, then of all
// ports.
Result<int> OpenOwnListener(const SocketAddress& wanted, const RunOptions& options) {
  const auto open = [&](uint16_t port) {
    SocketAddress address = wanted;
    address.set_port(port);
    return OpenListener(address, options.listen->backlog, PortSharing::kNone,
                        options.listen->socket_options);
  };
  auto opened = open(wanted.port());
  if (wanted.port() != 0) return opened;
  const auto taken = [&] { return !opened.ok() && opened.error().code == EADDRINUSE; };
  std::vector<PortRange> ranges = options.dial->source_ports;
  ranges.insert(ranges.begin(), PortRange{});
  for (; taken() && !ranges.empty(); ranges.pop_back()) {
    for (int port = ranges.back().last; taken() && port >= ranges.back().first; --port) {
      opened = open(static_cast<uint16_t>(port));
    }
  }
  return opened;
}

// Ports that IPv4 addresses of the run have for themselves: `::` cannot take IPv4 there as well.
std::vector<bool> PortsOfIpv4(const std::vector<SocketAddress>& addresses) {
  std::vector<bool> taken(65536);
  for (const SocketAddress& address : addresses) {
    if (address.family() == AF_INET && address.port() != 0) taken[address.port()] = true;
  }
  return taken;
}

}  // namespace

Run::Run(RunOptions options, std::function<void(Event)> notify)
    : state_(WithServedWorkers(std::move(options))), supervisor_(state_, std::move(notify)) {}

Run::~Run() {
  Close();
  Join();
}

Result<std::vector<SocketAddress>> Run::Start() {
  PrepareDescriptors();
  const auto wake = OpenEventFd();
  if (!wake.ok()) return wake.error();
  state_.wake.Reset(wake.value());
  for (uint32_t i = 0; i < state_.options.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->index = i;
    workers_.back()->cpu = CpuOf(i, state_.options.workers);
  }
  auto listening = Listen();
  if (!listening.ok()) return listening;
  if (state_.options.dial) PrepareTuples(listening.value());
  if (const int error = supervisor_.Start(workers_); error != 0) {
    return SysError{error, "pthread_create"};
  }
  return listening;
}

void Run::PrepareDescriptors() {
  state_.descriptor_limit = RaiseDescriptorLimit();
  state_.private_tables = PrivateTablesWork();
  state_.shared_table_size =
      std::min(state_.descriptor_limit, static_cast<int>(state_.options.shared_table_size));
  state_.shared_table_quota =
      std::max(0, state_.shared_table_size - static_cast<int>(state_.options.shared_reserve)) /
      static_cast<int>(state_.options.workers);
}

Result<std::vector<SocketAddress>> Run::Listen() {
  std::vector<SocketAddress> listening;
  if (!state_.options.listen) return listening;
  const ListenOptions& options = *state_.options.listen;
  // Each worker needs a socket of its own. With fewer addresses than workers, several sockets share
  // one address through SO_REUSEPORT; with more, each worker takes several. In a self-dial no
  // address is shared: further sockets on the same address get ports of their own.
  const bool own = SelfDial::IsRequested(state_.options);
  const size_t addresses = options.addresses.size();
  const size_t sockets = std::max<size_t>(addresses, workers_.size());
  const std::vector<bool> of_ipv4 = PortsOfIpv4(options.addresses);
  for (size_t i = 0; i < sockets; ++i) {
    const size_t place = i % addresses;
    const bool again = i >= addresses && !own;
    const SocketAddress& wanted = options.addresses[place];
    const SocketAddress& address = again ? listening[place] : wanted;
    const bool shares = !own && sockets > addresses;
    const PortSharing sharing = again    ? PortSharing::kNext
                                : shares ? PortSharing::kFirst
                                         : PortSharing::kNone;
    const Families families =
        wanted.is_any_v6() && !of_ipv4[wanted.port()] ? Families::kBoth : Families::kIpv6;
    const auto opened =
        own ? OpenOwnListener(address, state_.options)
            : OpenListener(address, options.backlog, sharing, options.socket_options, families);
    if (!opened.ok()) {
      state_.errors.Count(Phase::kBind, opened.error().code, [&] { return address.ToString(); });
      return opened.error();
    }
    workers_[i % workers_.size()]->listeners.emplace_back(opened.value());
    if (own && options.close == CloseMode::kRst) ResetOnClose(opened.value());
    if (!again) listening.push_back(SocketAddress::Local(opened.value()).value_or(address));
  }
  return listening;
}

void Run::PrepareTuples(const std::vector<SocketAddress>& listening) {
  const DialOptions& dial = *state_.options.dial;
  if (SelfDial::IsRequested(state_.options)) {
    for (const auto& worker : workers_) {
      SelfDial& self_dial = worker->self_dial.emplace(state_.options, worker->index, listening);
      worker->cursor.emplace(self_dial.space(), self_dial.first_tuple());
      worker->targets.Resize(self_dial.space().targets().size());
    }
    return;
  }
  space_ = std::make_unique<TupleSpace>(dial.sources, dial.source_ports, dial.shard, dial.targets,
                                        dial.churn);
  for (const auto& worker : workers_) {
    worker->cursor.emplace(*space_, space_->FirstTupleOf(dial.seed));
    worker->targets.Resize(dial.targets.size());
  }
}

void Run::Join() {
  supervisor_.Join();
  for (const auto& worker : workers_) worker->listeners.clear();
  state_.wake.Reset();
}

}  // namespace c1m
