// The counters of a table. One list defines the structure, the snapshot and the names in
// JavaScript.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace c1m {

// X(name in C++, name in JavaScript)
#define C1M_COUNTERS(X)                                                                    \
  X(attempted, "attempted")                      /* connects started */                    \
  X(established, "established")                  /* handshakes completed */                \
  X(failed, "failed")                            /* attempts that did not establish */     \
  X(failed_at_once, "failedAtOnce")              /* connect(2) itself failed */            \
  X(dialed_open, "dialedOpen")                   /* open now */                            \
  X(dialed_closed_by_peer, "dialedClosedByPeer") /* by FIN or RST */                       \
  X(skipped_ports, "skippedPorts")               /* ports used by other sockets */         \
  X(dialed_unknown, "dialedUnknown")             /* reset by a peer that never had them */ \
  X(dialed_dead, "dialedDead")                   /* their peer no longer had them */       \
  X(syn_retransmits, "synRetransmits")                                                     \
  X(connections_with_syn_retry, "connectionsWithSynRetry")                                 \
  X(handshakes_answered_stale, "handshakesAnsweredStale") /* see stale_answer.h */         \
  X(timeouts_answered_stale, "timeoutsAnsweredStale")                                      \
  X(pending_answered_stale, "pendingAnsweredStale") /* when the run closed */              \
  X(first_syn_answered, "firstSynAnswered")         /* although it was repeated */         \
  X(repeated_syn_answered, "repeatedSynAnswered")   /* according to TCP timestamps */      \
  X(dialed_bytes_received, "dialedBytesReceived")                                          \
  X(dialed_bytes_sent, "dialedBytesSent")                                                  \
  X(exchanges, "exchanges")                /* answered in full */                          \
  X(settled_exchanges, "settledExchanges") /* from the third on */                         \
  X(transactions, "transactions")          /* churn: opened, used and closed */            \
  X(accepted, "accepted")                                                                  \
  X(accepted_open, "acceptedOpen") /* open now */                                          \
  X(accepted_closed_by_peer, "acceptedClosedByPeer")                                       \
  X(accepted_bytes_received, "acceptedBytesReceived")                                      \
  X(accepted_bytes_sent, "acceptedBytesSent")

// Written by one thread, read by any: a plain load and store without a locked instruction.
class Counter {
 public:
  void Add(uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
  void Subtract(uint64_t n = 1) { value_.store(get() - n, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Aligned so that counters of two tables never share a cache line.
struct alignas(64) Counters {
#define C1M_FIELD(name, label) Counter name;
  C1M_COUNTERS(C1M_FIELD)
#undef C1M_FIELD
};

#define C1M_ONE(name, label) +1
inline constexpr size_t kCounterCount = 0 C1M_COUNTERS(C1M_ONE);
#undef C1M_ONE

inline constexpr std::array<const char*, kCounterCount> kCounterNames = {
#define C1M_NAME(name, label) label,
    C1M_COUNTERS(C1M_NAME)
#undef C1M_NAME
};

using CounterTotals = std::array<uint64_t, kCounterCount>;

inline void AddTo(CounterTotals& totals, const Counters& counters) {
  size_t i = 0;
#define C1M_SUM(name, label) totals[i++] += counters.name.get();
  C1M_COUNTERS(C1M_SUM)
#undef C1M_SUM
}

}  // namespace c1m
