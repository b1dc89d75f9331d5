// The ways a connection of a dialer ends, each counted separately.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "native/engine/dial/dialer.h"
#include "native/engine/dial/stale_answer.h"
#include "native/engine/talk/end_cause.h"
#include "native/net/keepalive.h"
#include "native/net/socket.h"
#include "native/net/tcp_info.h"

namespace c1m {
namespace {

// How long a peer waits for the last segment of a handshake: 63 s with the default
// tcp_synack_retries.
constexpr uint32_t kHandshakeMs = 64'000;

// Whether a peer that resets a connection in answer to a probe never completed the handshake:
// either nothing was heard after its SYN-ACK, or it answered probes but repeated its SYN-ACK until
// it gave up.
bool NeverEstablished(int fd, const TcpInfo& info, const std::vector<Probed>& sample) {
  if (!HeardSinceHandshake(info)) return true;
  const uint32_t age_ms = LastHeardAgeMs(info);
  if (info.bytes_received > 0 || info.bytes_acked > 1 || age_ms > kHandshakeMs) return false;
  const auto probed = std::ranges::lower_bound(sample, fd, {}, &Probed::fd);
  // The SYN-ACK and the RST.
  constexpr uint32_t kOthers = 2;
  if (probed != sample.end() && probed->fd == fd) {
    return info.segs_in >= kOthers + probed->answers + 2;
  }
  Keepalive keepalive;
  if (!ReadKeepalive(fd, keepalive) || keepalive.interval_s <= 0) return false;
  // The peer may have sent fewer answers, because it limits their rate (tcp_invalid_ratelimit).
  const uint32_t answers = age_ms / (1000 * static_cast<uint32_t>(keepalive.interval_s));
  return info.segs_in >= kOthers + answers + 1;
}

}  // namespace

int64_t Dialer::NextExpiryNs() const {
  if (handshakes_.empty()) return Reactor::kForever;
  return handshakes_.at(handshakes_.oldest()).started_ns + options_.connect_timeout_ns;
}

void Dialer::ExpireHandshakes(int64_t now_ns) {
  while (!handshakes_.empty() && NextExpiryNs() <= now_ns) {
    const uint32_t slot = handshakes_.oldest();
    // After a pause of the whole process (SIGSTOP, a debugger, a suspended machine) the deadline
    // has passed also for handshakes that the kernel has ended meanwhile and whose events are still
    // queued.
    pollfd late{.fd = handshakes_.at(slot).fd, .events = POLLOUT, .revents = 0};
    if (::poll(&late, 1, 0) == 1) {
      OnHandshakeEvent(late.fd, static_cast<uint32_t>(late.revents), now_ns);
    } else {
      FailHandshake(slot, Phase::kTimeout, ETIMEDOUT);
    }
  }
}

// Counts an attempt without a pending handshake as failed and closes its socket, if any.
void Dialer::FailAttempt(Phase phase, int code, const SourceSocket& socket) {
  context_.run.errors.Count(phase, code, [&] {
    const auto& targets = context_.worker.cursor->space().targets();
    return socket.source.ToString() + " > " + targets[socket.target].ToString();
  });
  if (socket.fd >= 0) ::close(socket.fd);
  context_.worker.targets.AddFailed(socket.target);
  context_.counters.attempted.Add();
  context_.counters.failed.Add();
}

// Counts an attempt for which no tuple was free.
void Dialer::FailForTuples() {
  const TupleCursor& cursor = *context_.worker.cursor;
  FailAttempt(Phase::kConnect, EADDRNOTAVAIL,
              {.source = cursor.source(), .target = cursor.target_index()});
}

// Counts a failed handshake with its tuple and closes the socket.
void Dialer::FailHandshake(uint32_t slot, Phase phase, int code) {
  const Handshake handshake = handshakes_.at(slot);
  context_.run.errors.Count(phase, code,
                            [&] { return DescribeTuple(handshake.fd, handshake.target); });
  if (code == ETIMEDOUT && IsAnsweredStale(handshake.fd)) {
    context_.counters.timeouts_answered_stale.Add();
  }
  handshakes_.Remove(slot);
  icmp_.OnFailure(handshake, phase == Phase::kConnect ? code : 0, handshakes_);
  context_.worker.in_flight.fetch_sub(1, std::memory_order_relaxed);
  if (context_.worker.self_dial) context_.worker.self_dial->RemoveUnaccepted();
  context_.connections.Clear(handshake.fd);
  context_.Close(handshake.fd);
  context_.worker.targets.AddFailed(handshake.target);
  context_.counters.failed.Add();
}

// Counts and closes an established connection that ended too early: the peer closed it, or did not
// answer as expected.
void Dialer::EndHeld(int fd, Phase phase, int code) {
  if (code != 0) {
    context_.run.errors.Count(phase, code,
                              [&] { return DescribeTuple(fd, context_.connections.tag(fd)); });
  }
  if (phase == Phase::kHold && (code == ECONNRESET || code == ETIMEDOUT)) NoteDead(fd, code);
  if (phase == Phase::kExchange) ++failed_in_a_row_;
  if (phase != Phase::kSocket) NoteEarlyEnd(fd, phase, code);
  const bool ended_by_us = phase == Phase::kSocket || code == EBADMSG || code == ETIMEDOUT;
  const uint32_t target = context_.connections.tag(fd);
  if (phase == Phase::kExchange) context_.worker.targets.AddExchangeFailed(target);
  if (!ended_by_us) {
    context_.counters.dialed_closed_by_peer.Add();
    context_.worker.targets.AddClosedByPeer(target);
  }
  CloseHeld(fd);
}

// Counts a connection that was lost without being closed. A peer that still has it answers a
// keepalive probe with an ACK. A peer that does not answers with RST, and if no answer comes the
// kernel ends the connection with ETIMEDOUT.
void Dialer::NoteDead(int fd, int code) {
  TcpInfo info;
  if (ReadTcpInfo(fd, info) == 0) return;
  if (code == ECONNRESET && info.probes == 0) return;
  if (code == ECONNRESET && NeverEstablished(fd, info, context_.probed)) {
    context_.counters.dialed_unknown.Add();
  } else {
    context_.counters.dialed_dead.Add();
  }
}

void Dialer::NoteEarlyEnd(int fd, Phase phase, int code) {
  const auto tuple = [&] { return DescribeTuple(fd, context_.connections.tag(fd)); };
  TcpInfo info;
  const size_t known = ReadTcpInfo(fd, info);
  Ending ending =
      exchange_ ? exchange_->Describe(fd, phase, code) : Ending{.phase = phase, .error = code};
  ending.syn_retries = context_.connections.syn_retries(fd);
  context_.run.early_ends.Count(DescribeEnd(ending, info, known), tuple);
  if (!exchange_ || phase != Phase::kExchange || context_.run.wrong_answer.taken()) return;
  if (auto seen = exchange_->Seen(fd)) {
    seen->connection = tuple();
    context_.run.wrong_answer.Take(*std::move(seen));
  }
}

void Dialer::OnServed(int fd) {
  if (!options_.churn) return;
  if (options_.peer_closes) {
    exchange_->AwaitClose(fd);
  } else {
    CompleteTransaction(fd);
  }
}

void Dialer::CompleteTransaction(int fd) {
  context_.counters.transactions.Add();
  failed_in_a_row_ = 0;
  CloseHeld(fd);
}

void Dialer::CloseHeld(int fd) {
  if (exchange_) exchange_->Forget(fd);
  context_.connections.Clear(fd);
  if (options_.close == CloseMode::kRst) ResetOnClose(fd);
  context_.dialed.Close();
  context_.Close(fd);
}

// A failed socket no longer has its peer's address; it keeps the local one because it was bound.
std::string Dialer::DescribeTuple(int fd, uint32_t target) const {
  const auto local = SocketAddress::Local(fd);
  const SocketAddress& peer = context_.worker.cursor->space().targets()[target];
  return (local ? local->ToString() : "?") + " > " + peer.ToString();
}

}  // namespace c1m
