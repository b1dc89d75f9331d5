// The main loop of a table's thread, and everything that is tied to its descriptor table.
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

// Created, used and destroyed by threads in the descriptor table, one at a time.
class Table::Loop {
 public:
  struct Limits {
    // Connections must have descriptors below this.
    int size;
    // The maximum number of connections in the table.
    int quota;
    // Whether other threads open and close descriptors in the table.
    bool shared;
  };
  // `inherited`: the wake-up and the worker's listening sockets, as numbered in this table.
  Loop(Table& table, const std::vector<int>& inherited, const Limits& limits);

  // Prepares epoll. After an error the loop must not be run.
  [[nodiscard]] std::optional<SysError> Begin();

  enum class Outcome : uint8_t {
    // The run has closed, and so have all connections here.
    kClosed,
    // The table is full and connections are left to dial. The loop must be run again to serve the
    // connections it holds: by a keeper or, if there is no next table, by the same thread.
    kFull,
  };
  Outcome Run();

 private:
  void Serve();
  void PublishOpen();
  // Whether the next event follows from what this table has just done, as with short connections at
  // full speed, so that spinning is worthwhile. (Not in a ramp, where it would take CPU time from
  // the dialing threads.)
  bool InClosedLoop();
  // Each step returns when it is due again.
  int64_t StepCensus();
  int64_t StepDialer();
  // `accept_inline`: accept the connections that this table has dialed at once, without waiting for
  // an event.
  int64_t StepAcceptor(bool accept_inline);
  // Whether another table could hold any connection after this full one; if not, sets
  // tables_used_up.
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
