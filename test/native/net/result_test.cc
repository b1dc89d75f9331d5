#include "native/net/result.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace c1m::test {

TEST_CASE("result: it holds a value or an error") {
  const Result<int> good = 7;
  CHECK(good.ok());
  CHECK(good.value() == 7);
  const Result<int> bad = SysError{ENOENT, "open"};
  CHECK_FALSE(bad.ok());
  CHECK(bad.error().code == ENOENT);
  CHECK(std::string(bad.error().syscall) == "open");
}

TEST_CASE("result: it can hold a move-only value") {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  REQUIRE(made.ok());
  const std::unique_ptr<int> taken = std::move(made.value());
  CHECK(*taken == 7);
}

TEST_CASE("result: the last error is that of the calling thread") {
  errno = EMFILE;
  const SysError error = LastError("socket");
  CHECK(error.code == EMFILE);
  CHECK(std::string(error.syscall) == "socket");
}

}  // namespace c1m::test
