#include "native/net/thread.h"

#include <csignal>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace c1m {
namespace {

// Only touched pages use memory. Sanitizers need more stack than the engine does.
constexpr size_t kStackBytes = size_t{256} * 1024;

void* Body(void* body) {
  (*static_cast<std::function<void()>*>(body))();
  return nullptr;
}

}  // namespace

int Thread::Start(std::function<void()> body) {
  body_ = std::move(body);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = ::pthread_create(&handle_, &attributes, Body, &body_);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  running_ = error == 0;
  return error;
}

void Thread::Join() {
  if (!running_) return;
  ::pthread_join(handle_, nullptr);
  running_ = false;
}

int TryThreads(size_t count) {
  std::mutex mutex;
  std::vector<std::unique_ptr<Thread>> threads;
  // The lock keeps every thread alive until all have been started; it is released before they are
  // joined.
  const std::lock_guard lock(mutex);
  for (size_t i = 0; i < count; ++i) {
    threads.push_back(std::make_unique<Thread>());
    const int error = threads.back()->Start([&mutex] { const std::lock_guard wait(mutex); });
    if (error != 0) return error;
  }
  return 0;
}

}  // namespace c1m
