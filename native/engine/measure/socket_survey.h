// Statistics of a server's sockets: states, accept queues, retransmits, round trips.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "native/engine/measure/histogram.h"
#include "native/net/inet_diag.h"
#include "native/net/result.h"

namespace c1m {

struct SurveyOptions {
  // The local endpoints of the sockets to include; empty: all sockets. A listening socket on the
  // wildcard address matches each of them.
  std::vector<LocalEndpoint> local;
  // Include listening sockets only, which takes a tenth of a millisecond however many others there
  // are.
  bool listeners_only = false;
};

class SocketSurvey {
 public:
  using StateCounts = std::array<uint64_t, kTcpStates>;

  struct Listener {
    std::array<uint8_t, 16> address;
    uint16_t port;
    // The length of the accept queue, and the backlog; one connection more than the backlog fits.
    uint32_t queued;
    uint32_t backlog;
    uint32_t uid;
    uint32_t inode;
    // SYNs and final ACKs dropped in its lifetime; nullopt if the kernel does not report them.
    std::optional<uint32_t> drops;
  };

  // The sockets whose local port is that of a listener.
  struct Port {
    uint16_t port;
    StateCounts states;
    // Retransmitted SYN-ACKs of connections in SYN_RECV.
    uint64_t syn_ack_retransmits;
    // Connections that a process has accepted. Those in an accept queue are in `states` only.
    uint64_t accepted;
    // Accepted connections in CLOSE_WAIT; those of them whose peer has sent nothing for kQuietMs,
    // its FIN included; and those of these whose FIN the process has not read either.
    uint64_t close_wait;
    uint64_t quiet_close_wait;
    uint64_t quiet_close_wait_unread;
    // Accepted connections that hold data back because the peer's window has had no room for a
    // segment for kQuietMs; and those that have retransmitted the same data at least kTimeouts
    // times.
    uint64_t window_closed;
    uint64_t unanswered;
    // A lower bound of the longest time that a connection has waited in the accept queue.
    uint32_t longest_wait_ms;
  };

  // A connection to a listener's port with data that has been unread for at least kUnreadMs since
  // the last of it arrived. Its inode is 0 while it waits to be accepted.
  struct Unread {
    uint64_t cookie;
    uint16_t port;
    uint32_t inode;
    uint32_t bytes;
    // Bytes that the process has read in the lifetime of the connection.
    uint64_t read;
  };

  static constexpr uint32_t kQuietMs = 3000;
  static constexpr uint32_t kUnreadMs = 1000;
  // Timeouts double, starting at 200 ms: the fourth is more than 3 s after the first transmission.
  static constexpr uint32_t kTimeouts = 4;
  // The maximum numbers of unread connections, and of inodes of quiet ones, that are listed.
  static constexpr size_t kMostUnread = 256;
  static constexpr size_t kMostQuiet = 16;

  // Takes the survey. The results may be read only after it has returned without an error.
  std::optional<SysError> Take(const SurveyOptions& options);

  [[nodiscard]] const std::vector<Listener>& listeners() const { return listeners_; }
  [[nodiscard]] const std::vector<Port>& ports() const { return ports_; }
  [[nodiscard]] const std::vector<Unread>& unread() const { return unread_; }
  // Inodes of some of the connections that Port::quiet_close_wait counts.
  [[nodiscard]] const std::vector<uint32_t>& quiet_inodes() const { return quiet_inodes_; }
  // All sockets except listening ones.
  [[nodiscard]] const StateCounts& states() const { return states_; }
  // Smoothed round-trip times of sockets that have exchanged data or a handshake, in nanoseconds.
  [[nodiscard]] Histogram::Summary RoundTrips() const { return round_trips_.Summarize(); }

  // Sums over the sockets with TCP_INFO.
  struct Figures {
    uint64_t sockets = 0;
    // Retransmitted segments in the sockets' lifetimes, including SYN-ACKs; and sockets with any.
    uint64_t retransmits = 0;
    uint64_t with_retransmit = 0;
    // Sockets that are waiting for an acknowledgment after a timeout.
    uint64_t in_timeout = 0;
    // Sockets with data that the application has not read, and its bytes; sockets with data that
    // the peer has not acknowledged, and its bytes.
    uint64_t unread = 0;
    uint64_t unread_bytes = 0;
    uint64_t unacknowledged = 0;
    uint64_t unacknowledged_bytes = 0;
    // Sockets without the option, because the peer does not use it or a SYN cookie lost it.
    uint64_t without_window_scaling = 0;
    uint64_t without_sack = 0;
    uint64_t without_timestamps = 0;
  };
  [[nodiscard]] const Figures& figures() const { return figures_; }

 private:
  void AddListener(const DiagSocket& socket, const SurveyOptions& options);
  void AddSocket(const DiagSocket& socket);
  void AddServed(const DiagSocket& socket, uint32_t unread, Port& port);

  std::vector<Listener> listeners_;
  std::vector<Port> ports_;
  std::vector<Unread> unread_;
  std::vector<uint32_t> quiet_inodes_;
  // Index in ports_ plus 1, by port; 0: none.
  std::vector<uint32_t> place_of_port_;
  StateCounts states_{};
  Figures figures_;
  Histogram round_trips_;
};

}  // namespace c1m
