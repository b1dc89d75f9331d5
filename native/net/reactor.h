// One epoll instance and the events of one wait.
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
  // Why it is not valid.
  [[nodiscard]] const SysError& error() const { return error_; }
  // False with errno set when the kernel refuses (ENOMEM, ENOSPC: fs.epoll.max_user_watches).
  [[nodiscard]] bool Add(int fd, uint32_t events);
  // What is reported of a descriptor from now on; what is ready already is reported once more.
  [[nodiscard]] bool Modify(int fd, uint32_t events);
  void Remove(int fd);

  // Waits until something happened or `deadline_ns` of the monotonic clock has come; a deadline in
  // the past only polls.
  std::span<const epoll_event> Wait(int64_t deadline_ns);

  // As Wait, for a thread whose peers answer within microseconds: it spins briefly before it
  // blocks, because waking it would take longer than the answer, on the CPU of the thread that it
  // waits for. It yields the CPU to any other thread meanwhile. After a long wait the next one
  // blocks at once.
  std::span<const epoll_event> WaitEagerly(int64_t deadline_ns);

  // Waits for events only, however long.
  static constexpr int64_t kForever = INT64_MAX;

 private:
  bool Control(int operation, int fd, uint32_t events);
  int WaitNs(int64_t timeout_ns);

  UniqueFd epoll_;
  SysError error_;
  // The last eager wait was short.
  bool eager_ = true;
  std::array<epoll_event, 256> events_;
};

}  // namespace c1m
