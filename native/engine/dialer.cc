#include "native/engine/dialer.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "native/engine/peer_input.h"
#include "native/net/clock.h"
#include "native/net/socket.h"
#include "native/net/tcp_info.h"

namespace c1m {
namespace {

// Connections started between two looks at events: enough to amortise the epoll_wait, short enough
// (under a millisecond) to stay responsive.
constexpr int64_t kBatch = 64;

// A handshake faster than this holds no repeated SYN: the first retransmit comes after the initial
// RTO of 1 s (RFC 6298), or, when a stale ACK made the client send RST, after 2 jiffies
// (tcp_rcv_synsent_state_process), which is 2 ms at HZ=1000. Only slower ones are worth a TCP_INFO.
constexpr int64_t kSlowHandshakeNs = 2 * kNsPerMs;

// After so many probes in a row that came too early the peer is evidently not on this host; then
// only one connect in kProbeInterval is probed.
constexpr uint32_t kMissesBeforeRest = 16;
constexpr uint32_t kProbeInterval = 256;

// While a window is filled by workers that have left the lane, their progress wakes nobody here.
constexpr int64_t kForeignWindowPollNs = kNsPerMs;

bool SameEndpoint(const SocketAddress& a, const SocketAddress& b) {
  return a.family() == b.family() && a.port() == b.port() && a.CountTo(b) == 1;
}

}  // namespace

Dialer::Dialer(WorkerContext& context)
    : context_(context),
      options_(*context.run.options.dial),
      window_(std::max<int64_t>(1, options_.window / context.run.options.lanes)) {}

int64_t Dialer::RoomInTable() const {
  if (!context_.run.dials_itself()) return context_.room();
  // Each connection takes two descriptors here, and those on their way into the listener have
  // theirs reserved.
  return (context_.room() - context_.lane.unaccepted.load(std::memory_order_relaxed)) / 2;
}

int64_t Dialer::NextExpiryNs() const {
  if (handshakes_.empty()) return Reactor::kForever;
  return handshakes_.at(handshakes_.oldest()).started_ns + options_.connect_timeout_ns;
}

int64_t Dialer::Step(int64_t now_ns) {
  Expire(now_ns);
  RunState& run = context_.run;
  if (finished_ || run.schedule.exhausted()) {
    finished_ = true;
    return NextExpiryNs();
  }
  int64_t most = std::min(kBatch, RoomInTable());
  if (most <= 0) {
    finished_ = full_ = true;
    return NextExpiryNs();
  }
  if (context_.lane.own_space) {
    // Work that this lane has no tuples for is left to the others.
    most = std::min<int64_t>(most, static_cast<int64_t>(context_.lane.cursor->Left()));
    if (most == 0) {
      run.tuples_used_up.store(true);
      finished_ = true;
      return NextExpiryNs();
    }
  }
  const int64_t in_flight = context_.lane.in_flight.load(std::memory_order_relaxed);
  most = std::min(most, window_ - in_flight);
  if (most <= 0) {
    const bool all_ours = in_flight <= static_cast<int64_t>(handshakes_.size());
    return all_ours ? NextExpiryNs() : std::min(NextExpiryNs(), now_ns + kForeignWindowPollNs);
  }
  const auto grant = run.schedule.Claim(now_ns - run.started_ns, static_cast<uint64_t>(most));
  if (grant.count == 0) {
    const int64_t due = run.schedule.NextDueNs();
    if (due == Schedule::kNever) return NextExpiryNs();
    return std::min(NextExpiryNs(), run.started_ns + due);
  }
  for (uint64_t i = 0; i < grant.count; ++i) {
    if (run.schedule.paced()) {
      context_.lane.lateness.Record(NowNs() - run.started_ns - run.schedule.DueNs(grant.first + i));
    }
    DialNext(grant.count - i);
  }
  return 0;
}

void Dialer::DialNext(uint64_t wanted) {
  int fd = -1;
  do {
    fd = BindNext(wanted);
  } while (fd >= 0 && !Connect(fd));
}

int Dialer::BindNext(uint64_t wanted) {
  TupleCursor& cursor = *context_.lane.cursor;
  UniqueFd socket;
  while (cursor.Advance(wanted)) {
    // A socket bound to its own destination would connect to itself.
    if (SameEndpoint(cursor.source(), cursor.target())) {
      context_.counters.skipped_ports.Add();
      continue;
    }
    if (!socket.valid()) {
      const auto opened = OpenStream(cursor.source().family());
      if (!opened.ok()) {
        FailAttempt(Phase::kSocket, opened.error().code, -1, cursor.target_index());
        return -1;
      }
      socket.Reset(opened.value());
      AllowAddressReuse(socket.get());
      if (options_.syn_retries > 0) LimitSynRetries(socket.get(), options_.syn_retries);
    }
    if (::bind(socket.get(), cursor.source().raw(), cursor.source().size()) == 0)
      return socket.Release();
    if (errno != EADDRINUSE) {
      FailAttempt(Phase::kBind, errno, -1, cursor.target_index());
      return -1;
    }
    context_.counters.skipped_ports.Add();
  }
  context_.run.tuples_used_up.store(true);
  FailAttempt(Phase::kBind, EADDRNOTAVAIL, -1, 0);
  return -1;
}

bool Dialer::Connect(int fd) {
  const TupleCursor& cursor = *context_.lane.cursor;
  const SocketAddress& target = cursor.target();
  const bool probe = missed_probes_ < kMissesBeforeRest || missed_probes_ % kProbeInterval == 0;
  const int64_t started_ns = NowNs();
  if (::connect(fd, target.raw(), target.size()) != 0 && errno != EINPROGRESS) {
    if (errno == EADDRNOTAVAIL) {
      // Somebody's connection, or its TIME_WAIT, has this 4-tuple.
      ::close(fd);
      context_.counters.skipped_ports.Add();
      return false;
    }
    FailAttempt(Phase::kConnect, errno, fd, cursor.target_index());
    return true;
  }
  context_.counters.attempted.Add();
  if (context_.run.dials_itself()) context_.lane.unaccepted.fetch_add(1, std::memory_order_relaxed);
  if (!probe) {
    ++missed_probes_;
    Await(fd, started_ns);
    return true;
  }
  // Over loopback the whole handshake runs inside connect(): asking at once saves two epoll system
  // calls.
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  ::poll(&ready, 1, 0);
  if (ready.revents == POLLOUT) {
    missed_probes_ = 0;
    Establish(fd, cursor.target_index(), NowNs() - started_ns, /*watched=*/false);
  } else {
    ++missed_probes_;
    Await(fd, started_ns);
  }
  return true;
}

void Dialer::Await(int fd, int64_t started_ns) {
  const uint32_t target = context_.lane.cursor->target_index();
  if (!context_.reactor.Add(fd, kHeldEvents | EPOLLOUT)) {
    context_.counters.attempted.Subtract();
    FailAttempt(Phase::kSocket, errno, fd, target);
    return;
  }
  const uint32_t slot = handshakes_.Add({.started_ns = started_ns, .fd = fd, .target = target});
  context_.table.Set(fd, ConnectionState::kConnecting, slot, /*watched=*/true);
  context_.lane.in_flight.fetch_add(1, std::memory_order_relaxed);
}

void Dialer::Establish(int fd, uint32_t target, int64_t latency_ns, bool watched) {
  uint32_t syn_retransmits = 0;
  if (latency_ns >= kSlowHandshakeNs) {
    const auto info = ReadHandshakeInfo(fd);
    if (info) syn_retransmits = info->syn_retransmits;
  }
  if (syn_retransmits > 0) {
    context_.counters.syn_retransmits.Add(syn_retransmits);
    context_.counters.connections_with_syn_retry.Add();
    context_.lane.retried_latency.Record(latency_ns);
  } else {
    context_.lane.first_try_latency.Record(latency_ns);
  }
  context_.table.Set(fd, ConnectionState::kDialed, target, watched);
  if (!watched) ++context_.unwatched;
  context_.counters.established.Add();
  context_.counters.dialed_open.Add();
}

// Ends an attempt that has no handshake under way, closing `fd` if there is one.
void Dialer::FailAttempt(Phase phase, int code, int fd, uint32_t target) {
  const TupleCursor& cursor = *context_.lane.cursor;
  context_.run.errors.Count(phase, code, [&] {
    return cursor.source().ToString() + " > " + cursor.space().targets()[target].ToString();
  });
  if (fd >= 0) ::close(fd);
  context_.counters.attempted.Add();
  context_.counters.failed.Add();
}

void Dialer::OnEvent(int fd, uint32_t events, int64_t now_ns) {
  if (context_.table.state(fd) == ConnectionState::kConnecting) {
    OnHandshakeEvent(fd, events, now_ns);
  } else if ((events & ~EPOLLOUT) != 0) {
    OnHeldEvent(fd);
  }
}

void Dialer::OnHandshakeEvent(int fd, uint32_t events, int64_t now_ns) {
  const uint32_t slot = context_.table.tag(fd);
  const Handshake handshake = handshakes_.at(slot);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    const int pending = PendingError(fd);
    EndHandshake(slot, Phase::kConnect, pending != 0 ? pending : ECONNRESET);
    return;
  }
  if ((events & EPOLLOUT) == 0) return;
  handshakes_.Remove(slot);
  context_.lane.in_flight.fetch_sub(1, std::memory_order_relaxed);
  Establish(fd, handshake.target, now_ns - handshake.started_ns, /*watched=*/true);
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) OnHeldEvent(fd);
}

// A handshake failed: counts it with its tuple and closes the socket.
void Dialer::EndHandshake(uint32_t slot, Phase phase, int code) {
  const Handshake handshake = handshakes_.at(slot);
  context_.run.errors.Count(phase, code,
                            [&] { return DescribeTuple(handshake.fd, handshake.target); });
  handshakes_.Remove(slot);
  context_.lane.in_flight.fetch_sub(1, std::memory_order_relaxed);
  if (context_.run.dials_itself()) context_.lane.unaccepted.fetch_sub(1, std::memory_order_relaxed);
  context_.table.Clear(handshake.fd);
  ::close(handshake.fd);
  context_.counters.failed.Add();
}

// The peer's address is gone from a socket that failed, our own stays because it was bound.
std::string Dialer::DescribeTuple(int fd, uint32_t target) const {
  const auto local = SocketAddress::Local(fd);
  const SocketAddress& peer = context_.lane.cursor->space().targets()[target];
  return (local ? local->ToString() : "?") + " > " + peer.ToString();
}

void Dialer::Expire(int64_t now_ns) {
  while (!handshakes_.empty() && NextExpiryNs() <= now_ns) {
    EndHandshake(handshakes_.oldest(), Phase::kTimeout, ETIMEDOUT);
  }
}

void Dialer::OnHeldEvent(int fd) {
  const Drained drained = Drain(fd, context_.buffer);
  context_.counters.dialed_bytes_received.Add(drained.bytes);
  if (drained.more) context_.Revisit(fd);
  if (!drained.ended && drained.error == 0) return;
  if (drained.error != 0) {
    context_.run.errors.Count(Phase::kHold, drained.error,
                              [&] { return DescribeTuple(fd, context_.table.tag(fd)); });
  }
  context_.table.Clear(fd);
  ::close(fd);
  context_.counters.dialed_open.Subtract();
  context_.counters.dialed_closed_by_peer.Add();
}

}  // namespace c1m
