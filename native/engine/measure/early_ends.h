// Connections that ended too early, grouped by the cause that TCP_INFO showed at that moment: a few
// entries, however many connections.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "native/engine/measure/histogram.h"
#include "native/net/tcp_info.h"

namespace c1m {

// X(name in C++, name in JavaScript)
#define C1M_END_CAUSES(X)                                                                       \
  /* An exchange failed. */                                                                     \
  X(kUnacknowledged, "unacknowledged") /* retransmitted data was never acknowledged */          \
  X(kOversized, "oversized")           /* and the message does not fit into a small packet */   \
  X(kHalfOpen, "halfOpen")     /* and the peer repeats its SYN-ACK: not established there */    \
  X(kSilenced, "silenced")     /* and an earlier exchange was answered */                       \
  X(kCutOff, "cutOff")         /* RST answered the first packet after an earlier exchange */    \
  X(kNotReading, "notReading") /* the receive window of the peer is closed */                   \
  X(kUnanswered, "unanswered") /* all data was acknowledged, but not answered */                \
  X(kAnswerLost, "answerLost") /* later segments of the answer arrived, earlier ones did not */ \
  X(kTooSoon, "tooSoon")       /* the timeout came before the first retransmit */               \
  X(kUnclosed, "unclosed")     /* the peer did not close as expected */                         \
  X(kWrong, "wrong")           /* the answer differed from the expected one */                  \
  X(kClosed, "closed")         /* FIN came instead of an answer */                              \
  X(kReset, "reset")           /* RST came instead of an answer */                              \
  X(kOther, "other")           /* an error of this host */                                      \
  /* A connection ended without an exchange in progress. */                                     \
  X(kHeldClosed, "heldClosed") /* by FIN */                                                     \
  X(kHeldReset, "heldReset")   /* by RST */                                                     \
  X(kHeldLost, "heldLost")     /* the kernel gave up: probes or data were not acknowledged */

#define C1M_ENUM(name, label) name,
enum class EndCause : uint8_t { C1M_END_CAUSES(C1M_ENUM) };
#undef C1M_ENUM

const char* EndCauseName(EndCause cause);

struct EarlyEnd {
  EndCause cause = EndCause::kOther;
  // Whether the connection had not completed any exchange.
  bool first = false;
  // Whether a part of the answer had arrived.
  bool partial = false;
  // Retransmitted segments without the SYNs of the handshake.
  uint32_t resent = 0;
  // How long no data had been sent or received when the peer ended the connection, or when the
  // unanswered message was sent.
  int64_t quiet_ns = 0;
  TcpInfo info = {};
};

class EarlyEnds {
 public:
  struct Entry {
    EndCause cause = EndCause::kOther;
    uint64_t count = 0;
    uint64_t first = 0;
    uint64_t partial = 0;
    // Connections that never received data from their peer.
    uint64_t unheard = 0;
    uint64_t resent = 0;
    Histogram::Summary quiet = {};
    // The first connection of the group.
    std::string example = {};
    TcpInfo info = {};
  };

  // `example` is called only for the first connection of a group. Thread-safe.
  template <typename Example>
  void Count(const EarlyEnd& end, Example&& example) {
    const std::lock_guard lock(mutex_);
    for (Kept& kept : kept_) {
      if (kept.entry.cause == end.cause) {
        Add(kept, end);
        return;
      }
    }
    Kept& kept = kept_.emplace_back();
    kept.entry.cause = end.cause;
    kept.entry.example = example();
    kept.entry.info = end.info;
    Add(kept, end);
  }

  [[nodiscard]] std::vector<Entry> entries() const;

 private:
  struct Kept {
    Entry entry;
    std::unique_ptr<Histogram> quiet = std::make_unique<Histogram>();
  };
  static void Add(Kept& kept, const EarlyEnd& end);

  mutable std::mutex mutex_;
  std::vector<Kept> kept_;
};

// The first wrong answer of a run, together with the expected answer.
class WrongAnswer {
 public:
  static constexpr size_t kShownBytes = 64;
  struct Sample {
    std::string connection;
    // The offset in the answer at which both texts begin: above 0 if the first difference comes
    // late.
    uint64_t offset = 0;
    // Empty if any content was accepted.
    std::string expected;
    std::string received;
  };

  // Whether there is a sample already; later ones need not be described.
  [[nodiscard]] bool taken() const { return taken_.load(std::memory_order_relaxed); }
  void Take(Sample sample);
  [[nodiscard]] std::optional<Sample> sample() const;

 private:
  std::atomic<bool> taken_{false};
  mutable std::mutex mutex_;
  std::optional<Sample> sample_;
};

}  // namespace c1m
