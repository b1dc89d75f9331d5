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
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace c1m::test {
namespace {

// The entries of a directory of /proc whose names are numbers, except the descriptor of the
// directory itself.
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

std::vector<int> OpenDescriptors(int thread) {
  return Numbers(("/proc/self/task/" + std::to_string(thread) + "/fd").c_str());
}

std::vector<int> Threads() { return Numbers("/proc/self/task"); }

size_t ThreadCount() { return Threads().size(); }

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
    } catch (...) {  // the child must not continue the parent's test
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool RefuseCall(uint32_t call, int error, std::optional<uint32_t> first) {
  // Skips no instruction if any argument matches.
  const uint8_t other = first ? 1 : 0;
  std::array<sock_filter, 6> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first.value_or(0), 0, other),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

bool RefuseCloseRange(int error, std::optional<uint32_t> first) {
  return RefuseCall(SYS_close_range, error, first);
}

int RunAlone(const char* test_case) {
  // doctest would read a comma as a separator of filters and find no test.
  if (std::strchr(test_case, ',') != nullptr) return 125;
  const std::string filter = std::string("--test-case=") + test_case;
  return InChild([&] {
    ::execl("/proc/self/exe", "c1m_tests", "--no-skip", "--minimal", filter.c_str(), nullptr);
    return 126;
  });
}

TableCopy::TableCopy() : child_(::fork()) {
  if (child_ != 0) return;
  // Also if this process crashes.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) ::pause();
}

TableCopy::~TableCopy() {
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

}  // namespace c1m::test
