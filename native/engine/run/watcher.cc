#include "native/engine/run/watcher.h"

#include <cerrno>
#include <string>

namespace c1m {
namespace {

// Registrations between two polls for events; each takes about a microsecond.
constexpr int kBatch = 256;

bool Held(ConnectionState state) {
  return state == ConnectionState::kDialed || state == ConnectionState::kAccepted;
}

}  // namespace

int64_t Watcher::Step() {
  ConnectionStates& connections = context_.connections;
  for (int done = 0; done < kBatch && context_.unwatched > 0; ++next_fd_) {
    if (next_fd_ >= connections.end()) next_fd_ = 0;
    if (!Held(connections.state(next_fd_)) || connections.watched(next_fd_)) continue;
    if (!context_.reactor.Add(next_fd_, kHeldEvents)) {
      context_.run.errors.Count(Phase::kHold, errno, [] { return std::string("epoll_ctl"); });
    }
    connections.MarkWatched(next_fd_);
    --context_.unwatched;
    ++done;
  }
  return context_.unwatched > 0 ? 0 : Reactor::kForever;
}

}  // namespace c1m
