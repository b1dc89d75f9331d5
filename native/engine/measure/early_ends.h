// Connections that ended before their time, by what TCP_INFO said of them at that moment. A million
// of them cost a few entries.
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
  X(kUnacknowledged, "unacknowledged") /* data was sent, and again, and never acknowledged */   \
  X(kOversized, "oversized")           /* so was that of a message longer than small packets */ \
  X(kHalfOpen, "halfOpen")     /* and the peer repeats its SYN-ACK: it knows no connection */   \
  X(kSilenced, "silenced")     /* and an earlier exchange was answered */                       \
  X(kCutOff, "cutOff")         /* the first packet after an answered exchange was reset */      \
  X(kNotReading, "notReading") /* the window of the peer is closed */                           \
  X(kUnanswered, "unanswered") /* all was acknowledged, no answer came */                       \
  X(kAnswerLost, "answerLost") /* nor all of an answer whose later segments did */              \
  X(kTooSoon, "tooSoon")       /* time was up before the kernel sends anything again */         \
  X(kUnclosed, "unclosed")     /* the peer was to close, and did not */                         \
  X(kWrong, "wrong")           /* another answer came than expected */                          \
  X(kClosed, "closed")         /* FIN came instead of an answer */                              \
  X(kReset, "reset")           /* RST came instead of an answer */                              \
  X(kOther, "other")           /* an error of this host */                                      \
  /* A connection ended that had no exchange under way. */                                      \
  X(kHeldClosed, "heldClosed") /* by FIN */                                                     \
  X(kHeldReset, "heldReset")   /* by RST */                                                     \
  X(kHeldLost, "heldLost")     /* the kernel gave up: probes or data were not acknowledged */

#define C1M_ENUM(name, label) name,
enum class EndCause : uint8_t { C1M_END_CAUSES(C1M_ENUM) };
#undef C1M_ENUM

const char* EndCauseName(EndCause cause);

struct EarlyEnd {
  EndCause cause = EndCause::kOther;
  // Whether no exchange of the connection had been completed.
  bool first = false;
  // Whether some bytes of the answer had come.
  bool partial = false;
  // Segments sent again, the SYNs of the handshake left out.
  uint32_t resent = 0;
  // How long no data had gone either way when the peer ended it, or when the message was sent that
  // was not answered.
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
    // Connections on which nothing has come from the peer, in all their life.
    uint64_t unheard = 0;
    uint64_t resent = 0;
    Histogram::Summary quiet = {};
    // The first of them.
    std::string example = {};
    TcpInfo info = {};
  };

  // `example` is called only for the first of its kind. Safe from any thread.
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

// One answer that was not the expected one, beside what was expected: the first of a run.
class WrongAnswer {
 public:
  static constexpr size_t kShownBytes = 64;
  struct Sample {
    std::string connection;
    // Where in the answer both texts begin: 0 unless the difference lies further on.
    uint64_t offset = 0;
    // Empty where any bytes would have done.
    std::string expected;
    std::string received;
  };

  // Whether there is one already; the others need not be described.
  [[nodiscard]] bool taken() const { return taken_.load(std::memory_order_relaxed); }
  void Take(Sample sample);
  [[nodiscard]] std::optional<Sample> sample() const;

 private:
  std::atomic<bool> taken_{false};
  mutable std::mutex mutex_;
  std::optional<Sample> sample_;
};

}  // namespace c1m
