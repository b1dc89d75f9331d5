// A thread with a small stack that never takes a signal meant for the process.
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

  // Returns the error number of pthread_create(3): EAGAIN when RLIMIT_NPROC or the cgroup's
  // pids.max is reached.
  [[nodiscard]] int Start(std::function<void()> body);
  void Join();

 private:
  std::function<void()> body_;
  pthread_t handle_{};
  bool running_ = false;
};

// Starts so many threads at once and ends them again; returns the error number of the one that
// could not be started, or 0.
[[nodiscard]] int TryThreads(size_t count);

}  // namespace c1m
