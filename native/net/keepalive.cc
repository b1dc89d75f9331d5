#include "native/net/keepalive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace c1m {
namespace {

bool Read(int fd, int level, int name, int& value) {
  socklen_t size = sizeof(value);
  return ::getsockopt(fd, level, name, &value, &size) == 0;
}

bool Set(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

}  // namespace

bool ReadKeepalive(int fd, Keepalive& keepalive) {
  return Read(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive.on) &&
         Read(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive.idle_s) &&
         Read(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive.interval_s) &&
         Read(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive.count);
}

// TCP_KEEPIDLE comes last: if keepalive is on, setting it restarts the timer from the moment at
// which the peer was last heard (tcp_sock_set_keepidle_locked), so that a connection that has been
// idle for long is probed at once.
bool SetKeepalive(int fd, const Keepalive& keepalive) {
  return Set(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive.count) &&
         Set(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive.interval_s) &&
         Set(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive.on) &&
         Set(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive.idle_s);
}

}  // namespace c1m
