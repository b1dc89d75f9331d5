#include "native/net/thread.h"

#include <doctest/doctest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iterator>

#include "test/native/helpers/process.h"

namespace c1m::test {

TEST_CASE("thread: it runs its body, and Join waits for the body") {
  bool ran = false;
  Thread thread;
  REQUIRE(thread.Start([&ran] { ran = true; }) == 0);
  thread.Join();
  CHECK(ran);
}

TEST_CASE("thread: Join may be called repeatedly, or without a start") {
  Thread idle;
  idle.Join();
  Thread thread;
  REQUIRE(thread.Start([] {}) == 0);
  thread.Join();
  thread.Join();
}

TEST_CASE("thread: its destructor waits for the body") {
  std::atomic<bool> ran{false};
  {
    Thread thread;
    REQUIRE(thread.Start([&ran] { ran = true; }) == 0);
  }
  CHECK(ran);
}

TEST_CASE("thread: it handles no signal, and the thread that started it still does") {
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  sigset_t inside;
  ::sigemptyset(&inside);
  Thread thread;
  REQUIRE(thread.Start([&inside] { ::pthread_sigmask(SIG_SETMASK, nullptr, &inside); }) == 0);
  thread.Join();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD, SIGALRM}) {
    CHECK(::sigismember(&inside, signal) == 1);
  }
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD, SIGALRM}) {
    CHECK(::sigismember(&after, signal) == ::sigismember(&before, signal));
  }
}

TEST_CASE("thread: its stack is large enough for the engine") {
  std::atomic<int> sum{0};
  Thread thread;
  REQUIRE(thread.Start([&sum] {
    volatile char page[64 * 1024];
    for (size_t i = 0; i < sizeof(page); i += 512) page[i] = 1;
    for (size_t i = 0; i < sizeof(page); i += 512) sum += page[i];
  }) == 0);
  thread.Join();
  CHECK(sum == 128);
}

TEST_CASE("thread: if no thread can be started, the error is returned") {
  const int status = InChild([] {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    // RLIMIT_NPROC does not apply to root.
    if (::getuid() == 0 && ::setuid(65534) != 0) return 2;
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) return 3;
    Thread thread;
    const int error = thread.Start([] {});
    thread.Join();
    return error == EAGAIN ? 0 : 1;
  });
  CHECK(status == 0);
}

TEST_CASE("thread: TryThreads tells whether this many threads can be started, and keeps none") {
  CHECK(TryThreads(0) == 0);
  CHECK(TryThreads(8) == 0);
  const int status = InChild([] {
    // Sanitizers have a thread of their own.
    const auto tasks = std::filesystem::directory_iterator("/proc/self/task");
    const auto have = static_cast<rlim_t>(std::distance(begin(tasks), end(tasks)));
    const rlimit few{.rlim_cur = have + 2, .rlim_max = have + 2};
    // RLIMIT_NPROC does not apply to root; this user has no other processes.
    if (::getuid() == 0 && ::setuid(65431) != 0) return 2;
    if (::setrlimit(RLIMIT_NPROC, &few) != 0) return 3;
    for (int i = 0; i < 5; ++i) {
      if (TryThreads(2) != 0) return 4;
      if (TryThreads(3) != EAGAIN) return 5;
    }
    return 0;
  });
  CHECK(status == 0);
}

}  // namespace c1m::test
