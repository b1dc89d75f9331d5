// The evidence that peers of held connections are alive, summed over many connections.
#pragma once

#include <atomic>
#include <cstdint>

namespace c1m {

// X(name in C++, name in JavaScript)
#define C1M_PROOF_SUMS(X)                                                                 \
  X(read, "read")              /* connections examined; the others are sums over these */ \
  X(proven, "proven")          /* their peer has answered recently */                     \
  X(late, "late")              /* of the proven: an earlier probe was not answered */     \
  X(sent, "sent")              /* data segments of the proven, with retransmissions */    \
  X(resent, "resent")          /* of these: retransmissions */                            \
  X(waiting, "waiting")        /* too early to tell */                                    \
  X(silent, "silent")          /* their peer has left several probes unanswered */        \
  X(never_heard, "neverHeard") /* of the silent: nothing received since the handshake */  \
  X(zero_window, "zeroWindow") /* of the silent: the peer never opened its window */      \
  X(repeating, "repeating")    /* their peer is still repeating its SYN-ACK */            \
  X(repeating_proven, "repeatingProven") /* of these: their peer also answers probes */   \
  X(repeats, "repeats")                  /* segments counted as repeated SYN-ACKs */      \
  X(healed, "healed")                    /* their peer has stopped repeating it */        \
  X(ended, "ended")                      /* closed since they were probed */

class ProofTally {
 public:
#define C1M_FIELD(name, label) std::atomic<uint64_t> name{0};
  C1M_PROOF_SUMS(C1M_FIELD)
#undef C1M_FIELD
  // The longest time since a silent peer was heard, in milliseconds.
  std::atomic<uint64_t> longest_silence_ms{0};

  void NoteSilence(uint64_t ms) {
    uint64_t longest = longest_silence_ms.load(std::memory_order_relaxed);
    while (ms > longest && !longest_silence_ms.compare_exchange_weak(longest, ms)) {
    }
  }
};

struct ProofOrder {
  enum class Action : uint8_t {
    // Selects every `stride`-th connection of a table as a sample and notes its received segments.
    // Once per run.
    kChoose,
    // Starts probing the sample.
    kAsk,
    // Reads the answers of the sample.
    kLook,
    // Reads them for the last time and restores the keepalive options of the sample.
    kEnd,
    // Reads all connections, which are probed (keepalive) or exchange data (heartbeats) anyway.
    kJudge,
  };

  ProofTally* tally = nullptr;
  Action action = Action::kLook;
  uint32_t stride = 1;
  // For kJudge: the interval in milliseconds at which a peer is heard.
  uint32_t period_ms = 0;
};

}  // namespace c1m
