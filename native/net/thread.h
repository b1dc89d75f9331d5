// A thread with a small stack and all signals blocked, so that it never handles a signal sent to
// the process.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>

namespace c1m {

class Thread {
 public:
  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { Join(); }

  // Returns the error of pthread_create(3): EAGAIN if RLIMIT_NPROC or pids.max of the cgroup is
  // reached.
  [[nodiscard]] int Start(std::function<void()> body);
  void Join();

 private:
  std::function<void()> body_;
  pthread_t handle_{};
  bool running_ = false;
};

// Starts `count` threads that run at the same time and ends them. Returns 0, or the error number of
// the first one that could not be started.
[[nodiscard]] int TryThreads(size_t count);

}  // namespace c1m
