// A value, or the errno of the system call that failed. Nothing below the binding throws.
#pragma once

#include <cerrno>
#include <utility>
#include <variant>

namespace c1m {

// `syscall` is a string literal with the name of the call that failed.
struct SysError {
  int code = 0;
  const char* syscall = "";
};

// The error of a system call that has just failed on this thread.
inline SysError LastError(const char* syscall) { return SysError{errno, syscall}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Result(SysError error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  [[nodiscard]] T& value() { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const { return std::get<0>(state_); }
  [[nodiscard]] const SysError& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, SysError> state_;
};

}  // namespace c1m
