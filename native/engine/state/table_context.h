// The state that the parts of one table share: the dialer, the acceptor, and those that census,
// probe and close its connections. All of it belongs to the thread that serves the table.
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
  // Open connections of this table; they maintain the counters dialed_open and accepted_open.
  OpenShare dialed{run.dialed_open, counters.dialed_open};
  OpenShare accepted{run.accepted_open, counters.accepted_open};
  // One receive buffer for all connections of the table.
  std::span<char> buffer;
  // The maximum number of connections in this table.
  int quota = 0;
  // Whether other threads open and close descriptors in this table.
  bool shared = false;
  // Established connections that are not registered with epoll yet.
  int unwatched = 0;
  // Descriptors of which one turn did not read all data.
  std::vector<int> revisits = {};
  // Probed connections, ordered by descriptor.
  std::vector<Probed> probed = {};

  [[nodiscard]] int room() const { return quota - connections.size(); }

  // Closes a connection that may be registered with epoll. A registration ends only with the last
  // copy of the descriptor, and a shared table is copied whenever the process starts a child.
  // Without Remove, events could arrive for a closed descriptor, or for another socket with its
  // number.
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

// Events of a held connection: data, the peer's FIN, and (always) errors. Edge-triggered, so that
// an idle connection costs nothing.
inline constexpr uint32_t kHeldEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;

// Events of a connection that sends: also room in the send buffer.
inline constexpr uint32_t kTalkEvents = kHeldEvents | EPOLLOUT;

}  // namespace c1m
