// One epoll instance and the events of its last wait.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "native/net/fd.h"
#include "native/net/result.h"

namespace c1m {

class Reactor {
 public:
  Reactor();

  [[nodiscard]] bool valid() const { return epoll_.valid(); }
  // The reason if it is not valid.
  [[nodiscard]] const SysError& error() const { return error_; }
  // False with errno if the kernel refuses (ENOMEM, ENOSPC: fs.epoll.max_user_watches).
  [[nodiscard]] bool Add(int fd, uint32_t events);
  // Changes the events to report for a descriptor; those already pending are reported again.
  [[nodiscard]] bool Modify(int fd, uint32_t events);
  void Remove(int fd);

  // Waits for events, at most until `deadline_ns` of the monotonic clock; a deadline in the past
  // only polls.
  std::span<const epoll_event> Wait(int64_t deadline_ns);

  // Like Wait, for a thread whose peers answer within microseconds: spins briefly before it blocks,
  // because being woken would take longer than the answer, and would cost CPU time of the thread
  // that it waits for. While it spins it yields the CPU to any other thread. After a long wait the
  // next call blocks at once.
  std::span<const epoll_event> WaitEagerly(int64_t deadline_ns);

  // The deadline of a wait without one.
  static constexpr int64_t kForever = INT64_MAX;

 private:
  bool Control(int operation, int fd, uint32_t events);
  int WaitNs(int64_t timeout_ns);

  UniqueFd epoll_;
  SysError error_;
  // Whether the last eager wait was short.
  bool eager_ = true;
  std::array<epoll_event, 256> events_;
};

}  // namespace c1m
