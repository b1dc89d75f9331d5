// The sockets of a server as figures: states, queues of its listeners, retransmits, round trips.
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
  // Which sockets: those with one of these local ends, or all. A listening socket bound to any
  // address counts for each of them.
  std::vector<LocalEndpoint> local;
  // Listening sockets only, which takes a tenth of a millisecond however many others there are.
  bool listeners_only = false;
};

class SocketSurvey {
 public:
  using StateCounts = std::array<uint64_t, kTcpStates>;

  struct Listener {
    std::array<uint8_t, 16> address;
    uint16_t port;
    // Connections waiting to be accepted, and the backlog, one more than which may wait.
    uint32_t queued;
    uint32_t backlog;
    uint32_t uid;
    uint32_t inode;
    // SYNs and final ACKs it dropped in its life; nothing where the kernel does not tell.
    std::optional<uint32_t> drops;
  };

  // The sockets whose local port one of the listeners has.
  struct Port {
    uint16_t port;
    StateCounts states;
    // SYN-ACKs sent again, of those in SYN_RECV.
    uint64_t syn_ack_retransmits;
    // Connections that a process has: those that wait to be accepted are in `states` only.
    uint64_t accepted;
    // Of them those in CLOSE_WAIT; those whose peer has sent nothing for `kQuietMs`, its FIN
    // included; and those of which the process has not read the FIN either.
    uint64_t close_wait;
    uint64_t quiet_close_wait;
    uint64_t quiet_close_wait_unread;
    // Accepted ones that hold data back because the peer has had no room for a segment for
    // `kQuietMs`; and that have sent the same data again `kTimeouts` times or more.
    uint64_t window_closed;
    uint64_t unanswered;
    // For how long, at least, one of those that wait to be accepted has waited.
    uint32_t longest_wait_ms;
  };

  // A connection at a listener's port with bytes that have been unread for `kUnreadMs` or longer,
  // which is how long ago the last of them came. Its inode is 0 while it waits to be accepted.
  struct Unread {
    uint64_t cookie;
    uint16_t port;
    uint32_t inode;
    uint32_t bytes;
    // Bytes the process has read in the connection's life.
    uint64_t read;
  };

  static constexpr uint32_t kQuietMs = 3000;
  static constexpr uint32_t kUnreadMs = 1000;
  // Timeouts double from 200 ms on: the fourth is over 3 s after the first transmission.
  static constexpr uint32_t kTimeouts = 4;
  // At most so many of the unread ones are kept apart, and inodes of the quiet ones.
  static constexpr size_t kMostUnread = 256;
  static constexpr size_t kMostQuiet = 16;

  // Takes one; not safe to use before it has returned without an error.
  std::optional<SysError> Take(const SurveyOptions& options);

  [[nodiscard]] const std::vector<Listener>& listeners() const { return listeners_; }
  [[nodiscard]] const std::vector<Port>& ports() const { return ports_; }
  [[nodiscard]] const std::vector<Unread>& unread() const { return unread_; }
  // Inodes of some connections that Port::quiet_close_wait counts.
  [[nodiscard]] const std::vector<uint32_t>& quiet_inodes() const { return quiet_inodes_; }
  // All but the listening ones.
  [[nodiscard]] const StateCounts& states() const { return states_; }
  // Smoothed, of sockets that have exchanged data or a handshake; in nanoseconds.
  [[nodiscard]] Histogram::Summary RoundTrips() const { return round_trips_.Summarize(); }

  // Over the sockets with TCP_INFO.
  struct Figures {
    uint64_t sockets = 0;
    // Segments sent again in the sockets' lives, SYN-ACKs included, and sockets with any.
    uint64_t retransmits = 0;
    uint64_t with_retransmit = 0;
    // Sockets that wait for an acknowledgement after a timeout now.
    uint64_t in_timeout = 0;
    // Sockets with bytes the application has not read, and bytes the peer has not acknowledged.
    uint64_t unread = 0;
    uint64_t unread_bytes = 0;
    uint64_t unacknowledged = 0;
    uint64_t unacknowledged_bytes = 0;
    // Sockets without the option, whose peer or a SYN cookie left it out.
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
  // By port: its place in ports_, from 1.
  std::vector<uint32_t> place_of_port_;
  StateCounts states_{};
  Figures figures_;
  Histogram round_trips_;
};

}  // namespace c1m
