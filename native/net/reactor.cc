#include "native/net/reactor.h"

#include <linux/time_types.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "native/net/clock.h"

namespace c1m {
namespace {

// To block and to be woken takes 20 to 50 us, measured on virtual machines, mostly in the waking
// thread.
constexpr int64_t kEagerNs = 50'000;

}  // namespace

Reactor::Reactor() : epoll_(AboveStdio(::epoll_create1(EPOLL_CLOEXEC))) {
  if (!epoll_.valid()) error_ = LastError("epoll_create1");
}

bool Reactor::Add(int fd, uint32_t events) { return Control(EPOLL_CTL_ADD, fd, events); }

bool Reactor::Modify(int fd, uint32_t events) { return Control(EPOLL_CTL_MOD, fd, events); }

bool Reactor::Control(int operation, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
}

void Reactor::Remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const epoll_event> Reactor::Wait(int64_t deadline_ns) {
  int64_t timeout_ns = -1;
  if (deadline_ns != kForever)
    timeout_ns = deadline_ns <= 0 ? 0 : std::max<int64_t>(0, deadline_ns - NowNs());
  const int count = WaitNs(timeout_ns);
  return {events_.data(), static_cast<size_t>(std::max(count, 0))};
}

std::span<const epoll_event> Reactor::WaitEagerly(int64_t deadline_ns) {
  if (deadline_ns <= 0) return Wait(deadline_ns);
  const int64_t began_ns = NowNs();
  if (eager_) {
    const int64_t until_ns = std::min(deadline_ns, began_ns + kEagerNs);
    do {
      const auto events = Wait(0);
      if (!events.empty()) return events;
      ::sched_yield();
    } while (NowNs() < until_ns);
  }
  const auto events = Wait(deadline_ns);
  eager_ = NowNs() - began_ns < 2 * kEagerNs;
  return events;
}

int Reactor::WaitNs(int64_t timeout_ns) {
  const int capacity = static_cast<int>(events_.size());
#ifdef SYS_epoll_pwait2
  // Pacing needs a finer timeout than milliseconds. The system call came with Linux 5.11, its
  // wrapper with glibc 2.35.
  if (timeout_ns > 0) {
    const __kernel_timespec timeout{.tv_sec = timeout_ns / kNsPerSecond,
                                    .tv_nsec = timeout_ns % kNsPerSecond};
    const auto count = ::syscall(SYS_epoll_pwait2, epoll_.get(), events_.data(), capacity, &timeout,
                                 nullptr, size_t{0});
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
  }
#endif
  const int64_t ms =
      timeout_ns < 0 ? -1 : std::min<int64_t>((timeout_ns + kNsPerMs - 1) / kNsPerMs, 60'000);
  return ::epoll_wait(epoll_.get(), events_.data(), capacity, static_cast<int>(ms));
}

}  // namespace c1m
