#include "native/net/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "native/net/socket.h"
#include "test/native/helpers/process.h"

namespace c1m::test {
namespace {

bool Open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("fd: an owner closes its descriptor") {
  int number = -1;
  {
    const UniqueFd owner(OpenEventFd().value());
    number = owner.get();
    CHECK(owner.valid());
    CHECK(Open(number));
  }
  CHECK_FALSE(Open(number));
}

TEST_CASE("fd: an empty owner is not valid and closes nothing") {
  UniqueFd owner;
  CHECK_FALSE(owner.valid());
  owner.Reset();
  CHECK(owner.get() == -1);
}

TEST_CASE("fd: moving transfers the descriptor") {
  UniqueFd from(OpenEventFd().value());
  const int number = from.get();
  UniqueFd to(std::move(from));
  CHECK_FALSE(from.valid());  // NOLINT(bugprone-use-after-move): the test is about the rest
  CHECK(to.get() == number);

  UniqueFd other(OpenEventFd().value());
  const int replaced = other.get();
  other = std::move(to);
  CHECK(other.get() == number);
  CHECK(Open(number));
  CHECK_FALSE(Open(replaced));
}

TEST_CASE("fd: moving an owner into itself keeps the descriptor") {
  UniqueFd owner(OpenEventFd().value());
  UniqueFd& same = owner;
  owner = std::move(same);
  CHECK(owner.valid());
  CHECK(Open(owner.get()));
}

TEST_CASE(
    "fd: a descriptor with a number of stdio is moved above it, and a refusal keeps its errno") {
  CHECK(InChild([] {
          ::close(STDIN_FILENO);
          const int low = ::dup(STDERR_FILENO);
          if (low != STDIN_FILENO) return 2;
          const UniqueFd moved(AboveStdio(low));
          if (moved.get() < kFirstFreeFd || Open(low)) return 3;
          if (::fcntl(moved.get(), F_GETFD) != FD_CLOEXEC) return 4;
          if (AboveStdio(moved.get()) != moved.get()) return 5;
          errno = EMFILE;
          return AboveStdio(-1) == -1 && errno == EMFILE ? 0 : 6;
        }) == 0);
}

TEST_CASE("fd: a released descriptor stays open") {
  UniqueFd owner(OpenEventFd().value());
  const int number = owner.Release();
  CHECK_FALSE(owner.valid());
  CHECK(Open(number));
  owner.Reset(number);
  owner.Reset();
  CHECK_FALSE(Open(number));
}

}  // namespace c1m::test
