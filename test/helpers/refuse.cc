// refuse netlink COMMAND...: runs a command for which every netlink socket is refused, as systemd's
// RestrictAddressFamilies= does it. refuse unshare COMMAND...: one that may not have descriptor tables of its own, as a
// seccomp filter does it; refuse close_range COMMAND...: one for which there is no such call, as before Linux 5.9.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const bool netlink = std::string_view(argv[1]) == "netlink";
  const bool missing = std::string_view(argv[1]) == "close_range";
  constexpr unsigned kNumber = offsetof(seccomp_data, nr);
  constexpr unsigned kFirstArgument = offsetof(seccomp_data, args[0]);
  sock_filter no_netlink[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFirstArgument),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_filter no_tables[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (missing ? ENOSYS : EPERM)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = netlink ? sock_fprog{std::size(no_netlink), no_netlink}
                               : sock_fprog{std::size(no_tables), no_tables};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::perror("seccomp");
    return 99;
  }
  execvp(argv[2], argv + 2);
  std::perror(argv[2]);
  return 98;
}
