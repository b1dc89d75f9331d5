// What shows that the peers of held connections are still there, summed up over many.
#pragma once

#include <atomic>
#include <cstdint>

namespace c1m {

// X(name in C++, name in JavaScript)
#define C1M_PROOF_SUMS(X)                                                                      \
  X(read, "read")              /* connections looked at; the others are sums over these */     \
  X(proven, "proven")          /* their peer has answered something lately */                  \
  X(late, "late")              /* of the proven: but a probe before was left unanswered */     \
  X(sent, "sent")              /* by the proven: segments with data, those sent again too */   \
  X(resent, "resent")          /* of these: sent again */                                      \
  X(waiting, "waiting")        /* too early to tell */                                         \
  X(silent, "silent")          /* their peer has left several probes unanswered */             \
  X(never_heard, "neverHeard") /* of the silent: nothing has come since the handshake */       \
  X(zero_window, "zeroWindow") /* of the silent: the peer never opened its window */           \
  X(repeating, "repeating")    /* their peer sends its SYN-ACK again and again, to this day */ \
  X(repeating_proven, "repeatingProven") /* of these: their peer answers, too */               \
  X(repeats, "repeats")                  /* segments taken for SYN-ACKs that came again */     \
  X(healed, "healed")                    /* their peer did so, and has stopped */              \
  X(ended, "ended")                      /* closed since they were probed */

class ProofTally {
 public:
#define C1M_FIELD(name, label) std::atomic<uint64_t> name{0};
  C1M_PROOF_SUMS(C1M_FIELD)
#undef C1M_FIELD
  // The longest time since a silent peer was heard, milliseconds.
  std::atomic<uint64_t> longest_silence_ms{0};

  void NoteSilence(uint64_t ms) {
    uint64_t longest = longest_silence_ms.load(std::memory_order_relaxed);
    while (ms > longest && !longest_silence_ms.compare_exchange_weak(longest, ms)) {
    }
  }
};

// One step of a proof.
struct ProofOrder {
  enum class Action : uint8_t {
    // Chooses a sample of the connections, every `stride`-th of a table, and counts the segments
    // they have had. Once.
    kChoose,
    // Probes the sample.
    kAsk,
    // Reads what the sample has answered.
    kLook,
    // The same for the last time, and leaves the sample as it was found.
    kEnd,
    // Reads all connections, which are probed (keepalive) or talk (heartbeats) anyway.
    kJudge,
  };

  ProofTally* tally = nullptr;
  Action action = Action::kLook;
  uint32_t stride = 1;
  // Of kJudge: time between two signs of life of a connection, milliseconds.
  uint32_t period_ms = 0;
};

}  // namespace c1m
