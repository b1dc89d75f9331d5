// The lowest descriptor this process uses, and UniqueFd, which owns one descriptor.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace c1m {

// The first descriptor after stdin, stdout and stderr.
inline constexpr int kFirstFreeFd = 3;

// Moves a new descriptor above stdio. If the process has closed stdin, stdout or stderr, the kernel
// reuses their numbers, and printed text such as a crash report would go to a connection. Returns
// -1 with errno if `fd` is -1 or no other number is free.
[[nodiscard]] inline int AboveStdio(int fd) {
  if (fd < 0 || fd >= kFirstFreeFd) return fd;
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFreeFd);
  const int error = errno;
  ::close(fd);
  errno = error;
  return moved;
}

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace c1m
