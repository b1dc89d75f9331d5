#include "native/engine/run/prover.h"

#include <algorithm>

#include "native/net/clock.h"
#include "native/net/keepalive.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

// Connections handled between two polls for events: a fifth of a millisecond.
constexpr size_t kBatch = 128;

constexpr uint8_t kEstablished = 1;

// The interval of probes, and the time after the first probe at which a peer that has answered none
// of three counts as silent.
constexpr int64_t kProbeMs = 1000;
constexpr int64_t kSilentMs = 3 * kProbeMs;

// An answer that arrives this long after its probe was due is most likely the answer to the next
// one.
constexpr int64_t kLateMs = 900;

// In connections that are probed or exchange data anyway, a peer is alive if it was heard within
// two periods, and silent if it has left three probes unanswered; the grace time covers the round
// trip of the last one.
constexpr uint32_t kFreshPeriods = 2;
constexpr uint32_t kSilentPeriods = 4;
constexpr uint32_t kGraceMs = 1000;

// After this many consecutive retransmits, loss on the path is an unlikely explanation: even a path
// that loses a third of all segments causes it in only 1 of 400 cases.
constexpr uint8_t kHopelessRetransmits = 4;

// From this many repeats on, a lost segment is no longer a likely explanation.
constexpr uint32_t kLeastRepeats = 2;

uint32_t SinceHeardMs(const TcpInfo& info) {
  return std::min(info.last_ack_recv_ms, info.last_data_recv_ms);
}

// Whether the last data may have been lost, so that silence proves nothing about the peer: the
// kernel waits longer after each retransmit.
bool MayBeLost(const TcpInfo& info) {
  return info.unacked > 0 && info.retransmits < kHopelessRetransmits;
}

// Whether only segments without data can have arrived, so that their number tells how often the
// SYN-ACK was repeated.
bool OnlyHandshake(const TcpInfo& info) {
  // The ACK of our SYN counts as one byte.
  return info.state == kEstablished && info.bytes_received == 0 && info.bytes_acked <= 1 &&
         info.unacked == 0;
}

// What repeated SYN-ACKs mean.
enum class Repeats : uint8_t {
  kNone,
  // There was one, and the second is not due yet.
  kUndecided,
  // The repeats have stopped before the last one due: the peer has received our ACK.
  kStopped,
  kContinuing,
};

uint32_t CountRepeats(const TcpInfo& info, uint32_t answers) {
  return OnlyHandshake(info) && info.segs_in > 1 + answers ? info.segs_in - 1 - answers : 0;
}

Repeats ReadRepeats(uint32_t repeats, uint32_t due) {
  if (repeats == 0) return Repeats::kNone;
  if (repeats < due) return Repeats::kStopped;
  return repeats < kLeastRepeats ? Repeats::kUndecided : Repeats::kContinuing;
}

// Whether the peer of a connection whose repeats have stopped was heard after the next one was due.
// A peer that has given up waiting for our ACK, for example because its accept queue is full, would
// have answered with RST.
bool IsConfirmed(const TcpInfo& info, uint32_t repeats) {
  return DueSynAckRepeats(LastHeardAgeMs(info)) > repeats;
}

// The same for a connection whose segments were counted when the hold began. Segments that arrived
// earlier may belong to the handshake (a SYN proxy opens the window with a second one). Lowers
// `repeats` to the number of segments that can have been SYN-ACKs.
Repeats ReadRepeatsSince(const Probed& probed, const TcpInfo& info, uint32_t& repeats) {
  // Without data this is the age of the connection.
  const uint32_t due = DueSynAckRepeats(info.last_data_recv_ms);
  const Repeats all = ReadRepeats(repeats, due);
  const uint32_t before = MostSynAckRepeats(probed.noted_age_ms);
  const uint32_t due_since = due > before ? due - before : 0;
  const uint32_t noted = probed.noted_segs + probed.answers;
  const uint32_t since = info.segs_in > noted ? info.segs_in - noted : 0;
  repeats = std::min(repeats, before + since);
  if (all != Repeats::kContinuing) return all;
  if (since < due_since) return Repeats::kStopped;
  return since == 0 ? Repeats::kUndecided : Repeats::kContinuing;
}

}  // namespace

bool Prover::Step() {
  const ProofOrder& order = context_.run.census.proof;
  Sums sums;
  bool done = true;
  switch (order.action) {
    case ProofOrder::Action::kChoose:
      done = Choose(order, sums);
      break;
    case ProofOrder::Action::kAsk:
      done = Ask(sums);
      break;
    case ProofOrder::Action::kLook:
      done = Look(/*last=*/false, sums);
      break;
    case ProofOrder::Action::kEnd:
      done = Look(/*last=*/true, sums);
      break;
    case ProofOrder::Action::kJudge:
      done = Judge(order, sums);
      break;
  }
#define C1M_ADD(name, label) order.tally->name.fetch_add(sums.name, std::memory_order_relaxed);
  C1M_PROOF_SUMS(C1M_ADD)
#undef C1M_ADD
  if (done) next_ = 0;
  return done;
}

int64_t Prover::NowMs() const { return (NowNs() - context_.run.started_ns) / kNsPerMs; }

bool Prover::Choose(const ProofOrder& order, Sums& sums) {
  const ConnectionStates& connections = context_.connections;
  // Starts at half the stride so that the samples of all tables add up to about the requested size.
  if (next_ == 0) skip_ = order.stride / 2;
  size_t chosen = 0;
  for (; next_ < static_cast<size_t>(connections.end()) && chosen < kBatch; ++next_) {
    const int fd = static_cast<int>(next_);
    if (connections.state(fd) != ConnectionState::kDialed) continue;
    if (skip_ > 0) {
      --skip_;
      continue;
    }
    skip_ = order.stride - 1;
    TcpInfo info;
    if (ReadTcpInfo(fd, info) == 0) continue;
    Probed& probed = context_.probed.emplace_back();
    probed.fd = fd;
    probed.noted_segs = info.segs_in;
    probed.noted_age_ms = info.last_data_recv_ms;
    ++sums.read;
    ++chosen;
  }
  return next_ >= static_cast<size_t>(connections.end());
}

bool Prover::Ask(Sums& sums) {
  const ConnectionStates& connections = context_.connections;
  std::vector<Probed>& sample = context_.probed;
  const size_t end = std::min(sample.size(), next_ + kBatch);
  for (; next_ < end; ++next_) {
    Probed& probed = sample[next_];
    TcpInfo info;
    if (connections.state(probed.fd) != ConnectionState::kDialed || probed.active ||
        ReadTcpInfo(probed.fd, info) == 0 || !ReadKeepalive(probed.fd, probed.chosen)) {
      continue;
    }
    probed.asked_ms = NowMs();
    probed.probe_ms =
        probed.asked_ms + std::max<int64_t>(0, kProbeMs - int64_t{SinceHeardMs(info)});
    probed.answered = false;
    probed.late = false;
    probed.active = SetKeepalive(probed.fd, kFastestKeepalive);
    if (probed.active) ++sums.read;
  }
  return next_ >= sample.size();
}

void Prover::AskAgain(Probed& probed) {
  probed.answered = false;
  probed.asked_ms = NowMs();
  probed.probe_ms = probed.asked_ms;
  probed.active = SetKeepalive(probed.fd, kFastestKeepalive);
}

bool Prover::Look(bool last, Sums& sums) {
  std::vector<Probed>& sample = context_.probed;
  const size_t end = std::min(sample.size(), next_ + kBatch);
  for (; next_ < end; ++next_) {
    Probed& probed = sample[next_];
    // A connection without a due time was never probed.
    if (probed.probe_ms != 0) Classify(probed, last, sums);
  }
  return next_ >= sample.size();
}

void Prover::Classify(Probed& probed, bool last, Sums& sums) {
  ++sums.read;
  TcpInfo info;
  const bool open = context_.connections.state(probed.fd) == ConnectionState::kDialed;
  if (!open || ReadTcpInfo(probed.fd, info) == 0 || info.state != kEstablished) {
    probed.active = false;
    ++sums.ended;
    return;
  }
  const int64_t now_ms = NowMs();
  const int64_t heard_ms = now_ms - int64_t{SinceHeardMs(info)};
  if (probed.active && heard_ms > probed.asked_ms) {
    probed.answered = true;
    probed.late = heard_ms - probed.probe_ms >= kLateMs;
    // One answer, plus one for every full period that this call is late.
    const int64_t first_ms = std::max(probed.probe_ms, probed.looked_ms);
    const int64_t answers = 1 + std::max<int64_t>(0, heard_ms - first_ms) / kProbeMs;
    if (info.bytes_received == 0) {
      probed.answers =
          static_cast<uint8_t>(std::min<int64_t>(UINT8_MAX, int64_t{probed.answers} + answers));
    }
  }
  probed.looked_ms = now_ms;
  if (probed.active && (probed.answered || last)) {
    (void)SetKeepalive(probed.fd, probed.chosen);
    probed.active = false;
  }
  uint32_t repeats = CountRepeats(info, probed.answers);
  sums.repeats += repeats;
  switch (ReadRepeatsSince(probed, info, repeats)) {
    case Repeats::kContinuing:
      ++sums.repeating;
      if (probed.answered) ++sums.repeating_proven;
      return;
    case Repeats::kUndecided:
      ++sums.waiting;
      return;
    case Repeats::kStopped:
      ++sums.healed;
      if (!probed.answered || IsConfirmed(info, repeats)) break;
      ++sums.waiting;
      if (!last) AskAgain(probed);
      return;
    case Repeats::kNone:
      break;
  }
  if (probed.answered) {
    ++sums.proven;
    if (probed.late) ++sums.late;
  } else if (now_ms - probed.probe_ms < kSilentMs) {
    ++sums.waiting;
  } else {
    NoteSilent(info, sums);
    // With SYN cookies, the server's kernel can take a probe for the end of a handshake and open a
    // connection that starts one byte too early in the stream; a FIN would never close it.
    if (last && !HeardSinceHandshake(info)) ResetOnClose(probed.fd);
  }
}

bool Prover::Judge(const ProofOrder& order, Sums& sums) {
  const ConnectionStates& connections = context_.connections;
  const uint32_t period_ms = std::max(1U, order.period_ms);
  size_t read = 0;
  for (; next_ < static_cast<size_t>(connections.end()) && read < kBatch; ++next_) {
    const int fd = static_cast<int>(next_);
    if (connections.state(fd) != ConnectionState::kDialed) continue;
    ++read;
    TcpInfo info;
    if (ReadTcpInfo(fd, info) == 0 || info.state != kEstablished) continue;
    ++sums.read;
    const uint32_t since_ms = SinceHeardMs(info);
    const bool heard = HeardSinceHandshake(info);
    const uint32_t answers = heard ? LastHeardAgeMs(info) / period_ms : 0;
    const uint32_t repeats = CountRepeats(info, answers);
    sums.repeats += repeats;
    const Repeats meaning = ReadRepeats(repeats, DueSynAckRepeats(info.last_data_recv_ms));
    const bool fresh = heard && since_ms <= kFreshPeriods * period_ms + kGraceMs;
    if (meaning == Repeats::kStopped) ++sums.healed;
    if (meaning == Repeats::kContinuing) {
      ++sums.repeating;
      if (fresh) ++sums.repeating_proven;
    } else if (meaning == Repeats::kUndecided ||
               (meaning == Repeats::kStopped && !IsConfirmed(info, repeats))) {
      ++sums.waiting;
    } else if (fresh) {
      ++sums.proven;
      if (since_ms > period_ms + kLateMs) ++sums.late;
      sums.sent += info.data_segs_out;
      sums.resent += std::min(info.total_retrans, info.data_segs_out);
    } else if (since_ms > kSilentPeriods * period_ms + kGraceMs && !MayBeLost(info)) {
      NoteSilent(info, sums);
    } else {
      ++sums.waiting;
    }
  }
  return next_ >= static_cast<size_t>(connections.end());
}

void Prover::NoteSilent(const TcpInfo& info, Sums& sums) const {
  ++sums.silent;
  if (!HeardSinceHandshake(info)) {
    ++sums.never_heard;
    if (info.snd_wnd == 0) ++sums.zero_window;
  }
  context_.run.census.proof.tally->NoteSilence(SinceHeardMs(info));
}

}  // namespace c1m
