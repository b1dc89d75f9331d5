#include "native/net/tracefs.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "native/net/fd.h"

namespace c1m {
namespace {

// Defined here because linux/mount.h and sys/mount.h conflict in some versions of glibc.
constexpr unsigned kFsopenCloexec = 1;
constexpr unsigned kFsconfigCreate = 6;
constexpr unsigned kFsmountCloexec = 1;

}  // namespace

Result<std::string> ReadTracefs(const std::string& path) {
#ifdef SYS_fsopen
  const UniqueFd context(
      AboveStdio(static_cast<int>(::syscall(SYS_fsopen, "tracefs", kFsopenCloexec))));
  if (!context.valid()) return LastError("fsopen");
  if (::syscall(SYS_fsconfig, context.get(), kFsconfigCreate, nullptr, nullptr, 0) != 0) {
    return LastError("fsconfig");
  }
  const UniqueFd mount(
      AboveStdio(static_cast<int>(::syscall(SYS_fsmount, context.get(), kFsmountCloexec, 0))));
  if (!mount.valid()) return LastError("fsmount");
  const UniqueFd file(AboveStdio(::openat(mount.get(), path.c_str(), O_RDONLY | O_CLOEXEC)));
  if (!file.valid()) return LastError("openat");
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) return LastError("read");
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(got));
  }
#else
  return SysError{ENOSYS, "fsopen"};
#endif
}

}  // namespace c1m
