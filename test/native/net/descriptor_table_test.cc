#include "native/net/descriptor_table.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cerrno>
#include <cstdint>
#include <thread>
#include <vector>

#include "native/net/fd.h"
#include "native/net/socket.h"
#include "test/native/helpers/process.h"

namespace c1m::test {
namespace {

bool Open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// An eventfd with a number from `least` up, identified by its count.
UniqueFd Marked(uint64_t mark, int least) {
  const UniqueFd event(OpenEventFd().value());
  [[maybe_unused]] const auto written = ::write(event.get(), &mark, sizeof(mark));
  return UniqueFd(::fcntl(event.get(), F_DUPFD_CLOEXEC, least));
}

uint64_t MarkOf(int fd) {
  uint64_t mark = 0;
  return ::read(fd, &mark, sizeof(mark)) == sizeof(mark) ? mark : 0;
}

// Runs `body` on a thread of its own in a private table; returns whether the table could be
// entered.
template <typename Body>
bool InPrivateTable(std::span<int> keep, Body&& body) {
  bool entered = false;
  std::thread([&] {
    entered = EnterPrivateTable(keep);
    if (entered) body();
  }).join();
  return entered;
}

}  // namespace

TEST_CASE(
    "descriptor_table: descriptors that a thread opens in its table are not open in the process") {
  const std::vector<int> before = OpenDescriptors();
  int opened = -1;
  bool seen = true;
  REQUIRE(InPrivateTable({}, [&] {
    opened = ::fcntl(OpenEventFd().value(), F_DUPFD_CLOEXEC, 900);
    std::thread([&] { seen = Open(opened); }).join();
  }));
  CHECK(opened == 900);
  CHECK(seen);  // a thread started there shares the table
  CHECK_FALSE(Open(opened));
  CHECK(OpenDescriptors() == before);
}

TEST_CASE("descriptor_table: descriptors of the process are not open in the thread's table") {
  const UniqueFd low(OpenEventFd().value());
  const UniqueFd high = Marked(1, 700);
  std::vector<int> inside;
  REQUIRE(InPrivateTable({}, [&] {
    for (int fd = 0; fd < 1024; ++fd) {
      if (Open(fd)) inside.push_back(fd);
    }
    ::close(low.get());
    ::close(high.get());
  }));
  CHECK(inside == std::vector<int>{0, 1, 2});
  CHECK(Open(low.get()));
  CHECK(Open(high.get()));
}

TEST_CASE("descriptor_table: kept descriptors get the lowest numbers in the same order") {
  const UniqueFd first = Marked(11, 40);
  const UniqueFd between = Marked(99, 50);
  const UniqueFd second = Marked(22, 60);
  const UniqueFd third = Marked(33, 500);
  std::array<int, 3> keep = {third.get(), first.get(), second.get()};
  std::array<uint64_t, 3> marks{};
  std::vector<int> inside;
  bool ends_at_exec = true;
  REQUIRE(InPrivateTable(keep, [&] {
    for (int fd = 0; fd < 1024; ++fd) {
      if (Open(fd)) inside.push_back(fd);
    }
    for (size_t i = 0; i < keep.size(); ++i) {
      marks[i] = MarkOf(keep[i]);
      ends_at_exec = ends_at_exec && (::fcntl(keep[i], F_GETFD) & FD_CLOEXEC) != 0;
    }
  }));
  CHECK(keep == std::array<int, 3>{5, 3, 4});
  CHECK(marks == std::array<uint64_t, 3>{33, 11, 22});
  CHECK(inside == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(ends_at_exec);
}

TEST_CASE("descriptor_table: kept descriptors that already have the lowest numbers keep them") {
  // Numbers close together, so that targets and sources overlap.
  std::vector<UniqueFd> owners;
  std::vector<int> keep;
  for (uint64_t mark = 1; mark <= 8; ++mark) {
    owners.push_back(Marked(mark, kFirstFreeFd));
    keep.push_back(owners.back().get());
  }
  std::rotate(keep.begin(), keep.begin() + 3, keep.end());
  std::vector<uint64_t> marks;
  REQUIRE(InPrivateTable(keep, [&] {
    for (const int fd : keep) marks.push_back(MarkOf(fd));
  }));
  CHECK(marks == std::vector<uint64_t>{4, 5, 6, 7, 8, 1, 2, 3});
  CHECK(*std::max_element(keep.begin(), keep.end()) == kFirstFreeFd + 7);
}

TEST_CASE("descriptor_table: RLIMIT_NOFILE limits each table, not the process") {
  constexpr int kLimit = 64;
  constexpr int kThreads = 2;
  const DescriptorLimit limit(kLimit);
  std::barrier all_hold(kThreads);
  std::array<std::atomic<int>, kThreads> held{};
  std::array<std::atomic<int>, kThreads> refusal{};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      const bool entered = EnterPrivateTable({});
      std::vector<UniqueFd> sockets;
      while (entered) {
        const auto opened = OpenStream(AF_INET);
        if (!opened.ok()) {
          refusal[i] = opened.error().code;
          break;
        }
        sockets.emplace_back(opened.value());
      }
      held[i] = static_cast<int>(sockets.size());
      all_hold.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(held[0] == kLimit - kFirstFreeFd);
  CHECK(held[1] == kLimit - kFirstFreeFd);
  CHECK(refusal[0] == EMFILE);
  CHECK(refusal[1] == EMFILE);
}

TEST_CASE("descriptor_table: if the kernel refuses, nothing changes") {
  for (const int error : {ENOSYS, EPERM}) {
    const int status = InChild([&] {
      if (!RefuseCloseRange(error)) return 2;
      const UniqueFd event = Marked(1, 40);
      std::array<int, 1> keep = {event.get()};
      const bool entered = InPrivateTable(keep, [] {});
      return !entered && keep[0] == event.get() && Open(event.get()) ? 0 : 1;
    });
    CHECK(status == 0);
  }
}

TEST_CASE("descriptor_table: PrivateTablesWork predicts EnterPrivateTable") {
  CHECK(PrivateTablesWork() == InPrivateTable({}, [] {}));
}

TEST_CASE("descriptor_table: the limit is raised to the hard limit") {
  const DescriptorLimit lowered(64);
  const int raised = RaiseDescriptorLimit();
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(limit.rlim_cur == limit.rlim_max);
  CHECK(static_cast<rlim_t>(raised) == limit.rlim_cur);
}

}  // namespace c1m::test
