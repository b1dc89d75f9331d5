#include "native/engine/dial/dialer.h"

#include <algorithm>
#include <cerrno>

#include "native/engine/talk/peer_input.h"
#include "native/net/clock.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

// Connections started between two polls for events: enough to amortize epoll_wait, few enough
// (under a millisecond) to stay responsive.
constexpr int64_t kBatch = 64;

// The dialer polls at this interval while handshakes of earlier tables fill the worker's window,
// because their ends cause no event in this table.
constexpr int64_t kForeignWindowPollNs = kNsPerMs;

// Tuples a churn tries in a row before it assumes that all are in use: about a tenth of a second.
constexpr uint64_t kTuplesPerSearch = 65'536;

// How long a churn waits for a free tuple after it found none.
constexpr int64_t kTuplesTakenPollNs = 10 * kNsPerMs;

// After this many consecutive failed exchanges a churn at full speed slows down to one attempt per
// kSlowRetryNs, so that a server that refuses is not flooded.
constexpr uint64_t kFailuresBeforeSlow = 100;
constexpr int64_t kSlowRetryNs = 10 * kNsPerMs;

// The share of one worker; the shares of all workers add up to the total.
int64_t ShareOf(uint64_t total, uint32_t worker, uint32_t workers) {
  return static_cast<int64_t>(total / workers + (worker < total % workers ? 1 : 0));
}

}  // namespace

Dialer::Dialer(TableContext& context)
    : context_(context),
      options_(*context.run.options.dial),
      window_(std::max<int64_t>(1, options_.window / context.run.options.workers)),
      share_(ShareOf(options_.connections, context.worker.index, context.run.options.workers)),
      sources_(context),
      icmp_(context) {
  if (options_.exchange) exchange_.emplace(context_, *options_.exchange);
}

int64_t Dialer::Step(int64_t now_ns) {
  ExpireHandshakes(now_ns);
  if (icmp_.watching()) icmp_.Release();
  int64_t next_ns = finished_ ? Reactor::kForever : StartBatch(now_ns);
  if (exchange_) {
    next_ns = std::min(next_ns, exchange_->Step(now_ns, [this](int fd, Exchange::Result result) {
      OnExchange(fd, result);
    }));
  }
  return std::min(next_ns, NextExpiryNs());
}

bool Dialer::Hopeless() const {
  return options_.churn && !options_.keep_going && !context_.run.schedule.paced() &&
         failed_in_a_row_ >= kFailuresBeforeSlow;
}

int64_t Dialer::StartBatch(int64_t now_ns) {
  RunState& run = context_.run;
  const bool hopeless = Hopeless();
  if (hopeless && now_ns < next_try_ns_) return next_try_ns_;
  const int64_t allowance = hopeless ? std::min<int64_t>(1, Allowance()) : Allowance();
  if (allowance <= 0) {
    const bool all_ours = context_.worker.in_flight.load(std::memory_order_relaxed) <=
                          static_cast<int64_t>(handshakes_.size());
    return finished_ || all_ours ? Reactor::kForever : now_ns + kForeignWindowPollNs;
  }
  const auto grant = run.schedule.Claim(now_ns - run.started_ns, static_cast<uint64_t>(allowance));
  if (grant.count == 0) {
    finished_ = run.schedule.exhausted();
    const int64_t due_ns = run.schedule.NextDueNs();
    return finished_ || due_ns == Schedule::kNever ? Reactor::kForever : run.started_ns + due_ns;
  }
  next_try_ns_ = now_ns + kSlowRetryNs;
  // Paced connections start one by one without preparing a batch, except the first few, which are
  // sampled for ICMP errors.
  if (!run.schedule.paced() || icmp_.wants()) sources_.Prepare(grant.count);
  if (icmp_.wants()) icmp_.Watch(sources_.prepared());
  for (uint64_t i = 0; i < grant.count; ++i) {
    if (run.schedule.paced()) {
      context_.worker.lateness.Record(NowNs() - run.started_ns -
                                      run.schedule.DueNs(grant.first + i));
    }
    if (DialNext(grant.count - i) || !options_.churn) continue;
    // The rest of the batch would only search the same tuples again.
    while (++i < grant.count) FailForTuples();
    return now_ns + kTuplesTakenPollNs;
  }
  // With all connections open, only an event makes room.
  return options_.churn && Missing() <= 0 ? Reactor::kForever : 0;
}

int64_t Dialer::Missing() const {
  return share_ - static_cast<int64_t>(context_.counters.dialed_open.get()) -
         static_cast<int64_t>(handshakes_.size());
}

int64_t Dialer::Allowance() {
  if (context_.run.schedule.exhausted()) {
    finished_ = true;
    return 0;
  }
  const int64_t room = RoomInTable();
  if (room <= 0 && !options_.churn) {
    finished_ = full_ = true;
    return 0;
  }
  int64_t allowance = std::min(kBatch, room);
  if (options_.churn) {
    allowance = std::min(allowance, Missing());
  } else if (context_.worker.self_dial) {
    // Connections for which this worker has no tuples left are opened by other workers.
    const uint64_t left = context_.worker.cursor->Left();
    if (left == 0) {
      context_.run.tuples_used_up.store(true);
      finished_ = true;
    }
    allowance = std::min(allowance, static_cast<int64_t>(left));
  }
  return std::min(allowance, window_ - context_.worker.in_flight.load(std::memory_order_relaxed));
}

int64_t Dialer::RoomInTable() const {
  const std::optional<SelfDial>& self_dial = context_.worker.self_dial;
  return self_dial ? self_dial->Fitting(context_.room()) : context_.room();
}

bool Dialer::DialNext(uint64_t wanted) {
  const TupleCursor& cursor = *context_.worker.cursor;
  // The tuple space of a churn is endless, so the search needs a limit.
  const uint64_t most = std::min(cursor.space().size(), kTuplesPerSearch);
  for (uint64_t tried = 0; !options_.churn || tried < most; ++tried) {
    if (context_.run.closing.load(std::memory_order_relaxed)) return true;
    const SourceSocket socket = sources_.Take(wanted);
    if (socket.fd < 0) {
      FailAttempt(socket.phase, socket.error, socket);
      return socket.error != EADDRNOTAVAIL;
    }
    if (options_.syn_retries > 0) LimitSynRetries(socket.fd, options_.syn_retries);
    if (Connect(socket)) return true;
  }
  context_.run.tuples_used_up.store(true);
  FailForTuples();
  return false;
}

void Dialer::OnEvent(int fd, uint32_t events, int64_t now_ns) {
  if (context_.connections.state(fd) == ConnectionState::kConnecting) {
    OnHandshakeEvent(fd, events, now_ns);
  } else {
    OnHeldEvent(fd, events);
  }
}

void Dialer::OnHeldEvent(int fd, uint32_t events) {
  if (exchange_) {
    OnExchange(fd, exchange_->OnEvent(fd, events));
    return;
  }
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) == 0) return;
  const Drained drained = Drain(fd, context_.buffer, events);
  context_.counters.dialed_bytes_received.Add(drained.bytes);
  if (drained.more) context_.Revisit(fd);
  if (drained.ended || drained.error != 0) EndHeld(fd, Phase::kHold, drained.error);
}

void Dialer::OnExchange(int fd, Exchange::Result result) {
  if (result.outcome == Exchange::Outcome::kComplete) {
    OnServed(fd);
  } else if (result.outcome == Exchange::Outcome::kEnded) {
    if (options_.churn && !result.cut_short) {
      CompleteTransaction(fd);
    } else {
      EndHeld(fd, result.cut_short ? Phase::kExchange : Phase::kHold, result.error);
    }
  }
}

}  // namespace c1m
