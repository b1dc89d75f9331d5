// What the parts that work in one table share: its dialer, its acceptor and those that look after
// its connections. Everything here belongs to the thread that serves the table.
#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>
#include <span>
#include <vector>

#include "native/engine/measure/counters.h"
#include "native/engine/measure/open_count.h"
#include "native/engine/state/connection_states.h"
#include "native/engine/state/probed.h"
#include "native/engine/state/run_state.h"
#include "native/engine/state/worker.h"
#include "native/net/reactor.h"

namespace c1m {

struct TableContext {
  RunState& run;
  Worker& worker;
  Reactor& reactor;
  ConnectionStates& connections;
  Counters& counters;
  // Connections open in this table; they keep the counters dialed_open and accepted_open.
  OpenShare dialed{run.dialed_open, counters.dialed_open};
  OpenShare accepted{run.accepted_open, counters.accepted_open};
  // One receive buffer for all connections of the table.
  std::span<char> buffer;
  // Connections this table may hold.
  int quota = 0;
  // Whether other threads open and close descriptors in this table.
  bool shared = false;
  // Established connections that epoll doesn't report yet.
  int unwatched = 0;
  // Descriptors with more to read than one turn took.
  std::vector<int> revisits = {};
  // Connections whose peers were probed, in the order of their descriptors.
  std::vector<Probed> probed = {};

  [[nodiscard]] int room() const { return quota - connections.size(); }

  // Closes a connection that epoll may report. Its registration ends with the last copy of the
  // descriptor; and a shared table is copied whenever the process starts another one, so that
  // events could come for a descriptor that is closed, or that is another socket by then.
  void Close(int fd) {
    if (shared) reactor.Remove(fd);
    ::close(fd);
  }

  void Revisit(int fd) {
    if (connections.revisit(fd)) return;
    connections.SetRevisit(fd, true);
    revisits.push_back(fd);
  }
};

// What a held connection is registered for: bytes, the peer's FIN, and (always) errors.
// Edge-triggered, so that an idle connection costs nothing however long it is held.
inline constexpr uint32_t kHeldEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;

// What a connection that sends is registered for: also for room to send in.
inline constexpr uint32_t kTalkEvents = kHeldEvents | EPOLLOUT;

}  // namespace c1m
