// What the thread of a table does, turn after turn, and everything that lives in its descriptor
// table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "native/engine/accept/acceptor.h"
#include "native/engine/dial/dialer.h"
#include "native/engine/run/census_taker.h"
#include "native/engine/run/prover.h"
#include "native/engine/run/table.h"
#include "native/engine/run/watcher.h"
#include "native/engine/state/connection_states.h"
#include "native/engine/state/table_context.h"
#include "native/net/reactor.h"
#include "native/net/result.h"

namespace c1m {

// Made and destroyed on a thread in the descriptor table, and used by one such thread at a time.
class Table::Loop {
 public:
  struct Limits {
    // Connections have descriptors below it.
    int size;
    // Most connections that the table may hold.
    int quota;
    // Whether other threads open and close descriptors in the table.
    bool shared;
  };
  // `inherited`: the wake-up and the worker's listening sockets, under their numbers in this table.
  Loop(Table& table, const std::vector<int>& inherited, const Limits& limits);

  // Prepares epoll; what failed where there is none to wait with: then the loop can't be run.
  [[nodiscard]] std::optional<SysError> Begin();

  enum class Outcome : uint8_t {
    // The run has closed, and so has every connection here.
    kClosed,
    // The table is full and connections are left to dial. The loop is to be run again, for the
    // connections it holds, by a keeper or, where there is no next table, by the same thread.
    kFull,
  };
  Outcome Run();

 private:
  void Serve();
  void PublishOpen();
  // Whether the next event follows from what this table has just done: short connections as fast
  // as both ends can. (A ramp is not such a case: it would take the CPU from those that dial.)
  bool InClosedLoop();
  // Each step returns the moment at which it is due again.
  int64_t StepCensus();
  int64_t StepDialer();
  // `accept_inline`: accepts at once what this table has dialed, without an event for it.
  int64_t StepAcceptor(bool accept_inline);
  // Whether a table after this full one could hold more than nothing; if not, notes that tables are
  // used up.
  bool AnotherTableHelps();
  int64_t StepWatcher();
  void LeaveCensus();
  void Dispatch(std::span<const epoll_event> events);
  void Handle(int fd, uint32_t events, int64_t now_ns);

  Table& table_;
  RunState& run_;
  const int wake_;
  Reactor reactor_;
  ConnectionStates connections_;
  std::unique_ptr<char[]> buffer_;
  TableContext context_;
  Watcher watcher_;
  CensusTaker census_;
  Prover prover_;
  std::optional<Dialer> dialer_;
  std::optional<Acceptor> acceptor_;
  std::vector<int> revisiting_;
  int64_t finished_ns_ = 0;
  bool leaving_ = false;
  bool settled_ = false;
  bool asked_for_relief_ = false;
  int eager_turns_ = 0;
};

}  // namespace c1m
