#include "test/native/helpers/process.h"

#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace c1m::test {
namespace {

// The numbers that name the entries of a folder of /proc, but not the one of the folder itself.
std::vector<int> Numbers(const char* folder) {
  std::vector<int> numbers;
  DIR* const listing = ::opendir(folder);
  if (listing == nullptr) return numbers;
  while (const dirent* entry = ::readdir(listing)) {
    if (entry->d_name[0] == '.') continue;
    const int number = std::atoi(entry->d_name);
    if (number != ::dirfd(listing)) numbers.push_back(number);
  }
  ::closedir(listing);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

std::vector<int> OpenDescriptors() { return Numbers("/proc/self/fd"); }

size_t ThreadCount() { return Numbers("/proc/self/task").size(); }

DescriptorLimit::DescriptorLimit(unsigned limit) {
  rlimit current{};
  ::getrlimit(RLIMIT_NOFILE, &current);
  before_ = current.rlim_cur;
  current.rlim_cur = limit;
  ::setrlimit(RLIMIT_NOFILE, &current);
}

DescriptorLimit::~DescriptorLimit() {
  rlimit current{};
  ::getrlimit(RLIMIT_NOFILE, &current);
  current.rlim_cur = before_;
  ::setrlimit(RLIMIT_NOFILE, &current);
}

OneCpu::OneCpu() {
  ::sched_getaffinity(0, sizeof(before_), &before_);
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<unsigned>(::sched_getcpu()), &here);
  ::sched_setaffinity(0, sizeof(here), &here);
}

OneCpu::~OneCpu() { ::sched_setaffinity(0, sizeof(before_), &before_); }

int InChild(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 127;
    try {
      status = body();
    } catch (...) {  // the parent's test goes on, but not in the child
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool RefuseCloseRange(int error, std::optional<uint32_t> first) {
  // Skips nothing where any number will do.
  const uint8_t other = first ? 1 : 0;
  std::array<sock_filter, 6> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first.value_or(0), 0, other),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace c1m::test
