#include "native/engine/accept/acceptor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "native/net/address.h"
#include "native/net/clock.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

// Connections accepted from one listening socket before the table handles its other events.
constexpr int kAcceptsPerTurn = 256;

// How long accepting pauses when the system is out of descriptors or memory (ENFILE, ENOMEM).
// Waiting connections keep the listening socket readable, so retrying at once would use a whole
// CPU.
constexpr int64_t kPauseNs = 20 * kNsPerMs;

// After this many accepted connections in a row without a waiting request, the clients evidently
// speak later; then only one in kProbeInterval is read at once.
constexpr uint32_t kSilentBeforeSampling = 16;
constexpr uint32_t kProbeInterval = 256;

}  // namespace

Acceptor::Acceptor(TableContext& context, std::vector<int> listeners)
    : context_(context), options_(*context.run.options.listen), listeners_(std::move(listeners)) {}

int64_t Acceptor::TakeTurn(bool accepting) {
  const bool paused = paused_until_ns_ != 0 && NowNs() < paused_until_ns_;
  if (!paused) paused_until_ns_ = 0;
  if ((accepting && !paused) != accepting_) {
    accepting_ = !accepting_;
    for (const int listener : listeners_) {
      if (!accepting_) {
        context_.reactor.Remove(listener);
      } else if (!context_.reactor.Add(listener, EPOLLIN)) {
        Pause(listener, errno);
      }
    }
  }
  return paused_until_ns_ != 0 ? paused_until_ns_ : Reactor::kForever;
}

void Acceptor::OnListener(int listener) {
  for (int i = 0; i < kAcceptsPerTurn && !full(); ++i) {
    if (TakeOne(listener) != Take::kOne) return;
  }
}

void Acceptor::AcceptDialed() {
  if (paused_until_ns_ != 0 && NowNs() < paused_until_ns_) return;
  const SelfDial& self_dial = *context_.worker.self_dial;
  // In the order in which they were dialed: the destination changes with every connection.
  for (size_t empty = 0; empty < listeners_.size() && !full();) {
    if (self_dial.unaccepted() <= 0) return;
    const Take take = TakeOne(listeners_[next_]);
    if (take == Take::kRefused) return;
    empty = take == Take::kOne ? 0 : empty + 1;
    next_ = (next_ + 1) % listeners_.size();
  }
}

Acceptor::Take Acceptor::TakeOne(int listener) {
  for (;;) {
    const int fd = AboveStdio(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd >= context_.connections.capacity()) {
      ::close(fd);
      Pause(listener, EMFILE);
      return Take::kRefused;
    }
    if (fd >= 0) {
      Admit(fd);
      return Take::kOne;
    }
    if (errno == EAGAIN) return Take::kNone;
    // The peer gave up while it was queued, or a signal interrupted the call: try the next one.
    if (errno == ECONNABORTED || errno == EINTR) continue;
    Pause(listener, errno);
    return Take::kRefused;
  }
}

// Counts an error of accept4(2) and pauses accepting.
void Acceptor::Pause(int listener, int error) {
  context_.run.errors.Count(Phase::kAccept, error, [&] {
    const auto local = SocketAddress::Local(listener);
    return local ? local->ToString() : "?";
  });
  paused_until_ns_ = NowNs() + kPauseNs;
}

void Acceptor::Admit(int fd) {
  context_.counters.accepted.Add();
  if (std::optional<SelfDial>& self_dial = context_.worker.self_dial) {
    self_dial->RemoveUnaccepted();
    if (self_dial->only_holds()) {
      context_.connections.Set(fd, ConnectionState::kAccepted, 0, /*watched=*/false);
      ++context_.unwatched;
      context_.accepted.Open();
      return;
    }
  }
  if (options_.mode == ListenMode::kCloseFirst) {
    context_.accepted.Open();
    context_.accepted.Close();
    if (options_.close == CloseMode::kRst) ResetOnClose(fd);
    ::close(fd);
    return;
  }
  context_.connections.Set(fd, ConnectionState::kAccepted, 0, /*watched=*/true);
  context_.accepted.Open();
  // Answers a request that is already there without waiting for its event, and never registers a
  // connection that has already ended. This halves the work for short connections.
  if (silent_ < kSilentBeforeSampling || silent_ % kProbeInterval == 0) {
    const uint64_t received = context_.counters.accepted_bytes_received.get();
    if (!Serve(fd, EPOLLIN)) {
      silent_ = 0;
      return;
    }
    silent_ = context_.counters.accepted_bytes_received.get() != received ? 0 : silent_ + 1;
  } else {
    ++silent_;
  }
  if (!context_.reactor.Add(fd, Wanted(fd))) {
    context_.run.errors.Count(Phase::kAccept, errno, [] { return std::string("epoll_ctl"); });
    Retire(fd);
  }
}

// Registers for EPOLLOUT only if a send has stalled, because that costs one more event per
// connection.
uint32_t Acceptor::Wanted(int fd) const { return echo_.stalled(fd) ? kTalkEvents : kHeldEvents; }

void Acceptor::OnEvent(int fd, uint32_t events) {
  if (!Serve(fd, events) || !echo_.stalled(fd)) return;
  (void)context_.reactor.Modify(fd, kTalkEvents);
}

bool Acceptor::Serve(int fd, uint32_t events) {
  Drained drained;
  if (options_.mode == ListenMode::kEcho) {
    const Echo::Turn turn = echo_.Run(fd, context_.buffer, events);
    context_.counters.accepted_bytes_sent.Add(turn.bytes_sent);
    drained = turn.input;
  } else if ((events & ~EPOLLOUT) != 0) {
    drained = Drain(fd, context_.buffer, events);
  }
  context_.counters.accepted_bytes_received.Add(drained.bytes);
  if (drained.more) context_.Revisit(fd);
  if (!drained.ended && drained.error == 0) return true;
  if (drained.error != 0) {
    context_.run.errors.Count(Phase::kHold, drained.error, [&] {
      const auto local = SocketAddress::Local(fd);
      return local ? local->ToString() : "?";
    });
  }
  Retire(fd);
  saw_close_ = true;
  context_.counters.accepted_closed_by_peer.Add();
  return false;
}

void Acceptor::Retire(int fd) {
  echo_.Forget(fd);
  context_.connections.Clear(fd);
  context_.accepted.Close();
  context_.Close(fd);
}

}  // namespace c1m
