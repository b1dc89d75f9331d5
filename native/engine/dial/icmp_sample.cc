#include "native/engine/dial/icmp_sample.h"

#include <algorithm>
#include <cerrno>

#include "native/net/icmp_error.h"

namespace c1m {
namespace {

// The errors that the kernel derives from ICMP messages: icmp_err_convert in net/ipv4/icmp.c,
// tab_unreach in net/ipv6/icmp.c. An RST causes ECONNREFUSED too.
bool MayBeIcmp(int code) {
  switch (code) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EACCES:
    case EPROTO:
      return true;
    default:
      return false;
  }
}

}  // namespace

void IcmpSample::Watch(const std::vector<SourceSocket>& sockets) {
  for (const SourceSocket& socket : sockets) {
    if (to_watch_ == 0) return;
    --to_watch_;
    if (socket.fd >= 0 && socket.source.family() == AF_INET6) Watch(socket.fd);
  }
}

void IcmpSample::OnFailure(const Handshake& handshake, int code, const Handshakes& pending) {
  const bool was_watched = std::erase(watched_, handshake.fd) > 0;
  if (reads_ == 0 || !MayBeIcmp(code)) return;
  --reads_;
  if (const auto error = TakeIcmpError(handshake.fd)) {
    context_.run.icmp.Count(*error, Target(handshake.target));
  } else if (!was_watched && code != ECONNREFUSED && to_watch_later_ > 0) {
    WatchPending(pending);
  }
}

void IcmpSample::WatchPending(const Handshakes& pending) {
  const auto& targets = context_.worker.cursor->space().targets();
  pending.ForOldest(to_watch_later_, [&](const Handshake& handshake) {
    if (targets[handshake.target].family() != AF_INET6) return;
    --to_watch_later_;
    Watch(handshake.fd);
  });
}

void IcmpSample::Watch(int fd) {
  KeepIcmpErrors(fd, true);
  watched_.push_back(fd);
}

void IcmpSample::Release() {
  std::erase_if(watched_, [this](int fd) {
    const ConnectionState state = context_.connections.state(fd);
    if (state == ConnectionState::kDialed) KeepIcmpErrors(fd, false);
    return state != ConnectionState::kConnecting;
  });
}

std::string IcmpSample::Target(uint32_t target) const {
  return context_.worker.cursor->space().targets()[target].ToString();
}

}  // namespace c1m
