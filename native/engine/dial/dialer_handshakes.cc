// How a dialer starts a handshake, learns its result, and continues after success.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "native/engine/dial/dialer.h"
#include "native/engine/dial/stale_answer.h"
#include "native/net/clock.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

// A faster handshake has no repeated SYN. The first retransmit comes after the initial RTO of 1 s
// (RFC 6298), or, if a stale ACK made the client send RST, after 2 jiffies
// (tcp_rcv_synsent_state_process), which is 2 ms at HZ=1000. So TCP_INFO is read only for slower
// handshakes.
constexpr int64_t kSlowHandshakeNs = 2 * kNsPerMs;

// The initial RTO of a second, less the possible error of timestamps in milliseconds.
constexpr int64_t kFirstRepeatNs = 950 * kNsPerMs;

// After this many consecutive probes that came too early the peer is evidently on another host;
// then only one connect in kProbeInterval is probed.
constexpr uint32_t kMissesBeforeSampling = 16;
constexpr uint32_t kProbeInterval = 256;

}  // namespace

bool Dialer::Connect(const SourceSocket& socket) {
  const int fd = socket.fd;
  const SocketAddress& target = context_.worker.cursor->space().targets()[socket.target];
  const bool probe = missed_probes_ < kMissesBeforeSampling || missed_probes_ % kProbeInterval == 0;
  const int64_t started_ns = NowNs();
  if (::connect(fd, target.raw(), target.size()) != 0 && errno != EINPROGRESS) {
    if (errno == EADDRNOTAVAIL) {
      // Another connection, or its TIME_WAIT, uses this 4-tuple.
      ::close(fd);
      context_.counters.skipped_ports.Add();
      return false;
    }
    FailAttempt(Phase::kConnect, errno, socket);
    context_.counters.failed_at_once.Add();
    return true;
  }
  context_.counters.attempted.Add();
  if (context_.worker.self_dial) context_.worker.self_dial->AddUnaccepted();
  // Over loopback the whole handshake happens inside connect(2). Asking at once saves two system
  // calls of epoll.
  if (probe && exchange_ && exchange_->speaks_first()) {
    ConnectAndSend(socket, started_ns);
    return true;
  }
  if (probe && IsConnected(fd)) {
    missed_probes_ = 0;
    Establish(fd, socket.target, started_ns, NowNs(), /*watched=*/false);
  } else {
    ++missed_probes_;
    AwaitHandshake(socket, started_ns);
  }
  return true;
}

// Uses send(2) to learn whether the handshake has ended: until then it fails with EAGAIN.
void Dialer::ConnectAndSend(const SourceSocket& socket, int64_t started_ns) {
  const int64_t now_ns = NowNs();
  const ssize_t sent = exchange_->Offer(socket.fd);
  if (sent >= 0) {
    missed_probes_ = 0;
    Establish(socket.fd, socket.target, started_ns, now_ns, /*watched=*/false,
              static_cast<size_t>(sent));
  } else if (errno == EAGAIN || errno == EINTR) {
    ++missed_probes_;
    AwaitHandshake(socket, started_ns);
  } else {
    // send(2) has consumed the error; SO_ERROR would return 0.
    const int error = errno;
    EndHandshake(AddHandshake(socket, started_ns), error, now_ns, /*watched=*/false);
  }
}

void Dialer::AwaitHandshake(const SourceSocket& socket, int64_t started_ns) {
  if (!context_.reactor.Add(socket.fd, kTalkEvents)) {
    context_.counters.attempted.Subtract();
    FailAttempt(Phase::kSocket, errno, socket);
    return;
  }
  AddHandshake(socket, started_ns);
}

uint32_t Dialer::AddHandshake(const SourceSocket& socket, int64_t started_ns) {
  const uint32_t slot =
      handshakes_.Add({.started_ns = started_ns, .fd = socket.fd, .target = socket.target});
  context_.connections.Set(socket.fd, ConnectionState::kConnecting, slot, /*watched=*/true);
  context_.worker.in_flight.fetch_add(1, std::memory_order_relaxed);
  return slot;
}

void Dialer::Establish(int fd, uint32_t target, int64_t started_ns, int64_t now_ns, bool watched,
                       size_t sent) {
  const int64_t latency_ns = now_ns - started_ns;
  const HandshakeTrace trace =
      latency_ns >= kSlowHandshakeNs ? TraceHandshake(fd, latency_ns) : HandshakeTrace{};
  if (trace.syn_repeats > 0) {
    CountSynRepeats(trace, latency_ns);
    context_.worker.retried_latency.Record(latency_ns);
  } else {
    context_.worker.first_try_latency.Record(latency_ns);
  }
  context_.counters.established.Add();
  context_.worker.targets.AddEstablished(target);
  context_.dialed.Open();

  // Connections that exchange data or churn are registered or closed below.
  const bool held_only = !exchange_ && !options_.churn;
  context_.connections.Set(fd, ConnectionState::kDialed, target, watched || !held_only);
  context_.connections.SetSynRetries(fd, trace.syn_repeats);
  if (exchange_) {
    BeginExchange(fd, now_ns, watched, sent);
  } else if (options_.churn) {
    OnServed(fd);
  } else if (!watched) {
    ++context_.unwatched;
  }
}

// A SYN was lost if a later one was answered; the answer was slow if it was the first one.
void Dialer::CountSynRepeats(const HandshakeTrace& trace, int64_t latency_ns) {
  Counters& counters = context_.counters;
  if (trace.answered_stale) counters.handshakes_answered_stale.Add();
  counters.syn_retransmits.Add(trace.syn_repeats);
  counters.connections_with_syn_retry.Add();
  const int64_t answered_after_ns = int64_t{trace.answered_after_us} * kNsPerUs;
  if (answered_after_ns == 0) return;
  if (latency_ns - answered_after_ns >= kFirstRepeatNs) {
    counters.repeated_syn_answered.Add();
  } else if (answered_after_ns >= kFirstRepeatNs) {
    counters.first_syn_answered.Add();
  }
}

// Sends the message before the connection is registered, because a registration is often not needed
// after that; epoll_ctl(2) reports at once what has arrived by then.
void Dialer::BeginExchange(int fd, int64_t now_ns, bool watched, size_t sent) {
  const Exchange::Result result = exchange_->Begin(fd, now_ns, sent);
  const bool complete = result.outcome == Exchange::Outcome::kComplete;
  const bool done = complete && options_.churn && !options_.peer_closes;
  const bool goes_on = !done && result.outcome != Exchange::Outcome::kEnded;
  if (goes_on && !watched && !context_.reactor.Add(fd, exchange_->Wanted(fd))) {
    EndHeld(fd, Phase::kSocket, errno);
    return;
  }
  OnExchange(fd, result);
}

void Dialer::OnHandshakeEvent(int fd, uint32_t events, int64_t now_ns) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (!broken && (events & EPOLLOUT) == 0) return;
  const int pending = broken ? PendingError(fd) : 0;
  const uint32_t slot = context_.connections.tag(fd);
  if (broken && pending == 0) {
    FailHandshake(slot, Phase::kConnect, ECONNRESET);
    return;
  }
  EndHandshake(slot, pending, now_ns, /*watched=*/true);
  const bool arrived = (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0;
  if (arrived && context_.connections.state(fd) == ConnectionState::kDialed)
    OnHeldEvent(fd, events);
}

bool Dialer::HasReceivedData(uint32_t slot) const {
  char byte = 0;
  return exchange_ && ::recv(handshakes_.at(slot).fd, &byte, 1, MSG_PEEK) > 0;
}

void Dialer::EndHandshake(uint32_t slot, int error, int64_t now_ns, bool watched) {
  // A SYN that is reset causes ECONNREFUSED. ECONNRESET means that the connection was established
  // and reset before we looked, which is expected if the peer is to close. Data that the peer sent
  // first is still readable and often gives the reason.
  const bool reset_after = error == ECONNRESET && (options_.peer_closes || HasReceivedData(slot));
  const bool established = error == 0 || reset_after;
  if (!established) {
    FailHandshake(slot, Phase::kConnect, error);
    return;
  }
  const Handshake handshake = handshakes_.at(slot);
  handshakes_.Remove(slot);
  context_.worker.in_flight.fetch_sub(1, std::memory_order_relaxed);
  Establish(handshake.fd, handshake.target, handshake.started_ns, now_ns, watched);
}

}  // namespace c1m
