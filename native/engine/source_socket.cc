#include "native/engine/source_socket.h"

#include <sys/socket.h>

#include <cerrno>

#include "native/net/fd.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

bool SameEndpoint(const SocketAddress& a, const SocketAddress& b) {
  return a.port() == b.port() && a.family() == b.family() && a.CountTo(b) == 1;
}

}  // namespace

SourceSocket OpenSourceSocket(WorkerContext& context, uint64_t wanted) {
  TupleCursor& cursor = *context.lane.cursor;
  UniqueFd socket;
  // An endless space would go round and round when every port in it is taken.
  for (uint64_t tried = 0; tried < cursor.space().size() && cursor.Advance(wanted); ++tried) {
    // A socket bound to its own destination would connect to itself.
    if (SameEndpoint(cursor.source(), cursor.target())) {
      context.counters.skipped_ports.Add();
      continue;
    }
    if (!socket.valid()) {
      const auto opened = OpenStream(cursor.source().family());
      if (!opened.ok()) return {.fd = -1, .phase = Phase::kSocket, .error = opened.error().code};
      socket.Reset(opened.value());
      AllowAddressReuse(socket.get());
    }
    if (::bind(socket.get(), cursor.source().raw(), cursor.source().size()) == 0) {
      return {.fd = socket.Release()};
    }
    if (errno != EADDRINUSE) return {.fd = -1, .phase = Phase::kBind, .error = errno};
    context.counters.skipped_ports.Add();
  }
  context.run.tuples_used_up.store(true);
  return {.fd = -1, .phase = Phase::kBind, .error = EADDRNOTAVAIL};
}

}  // namespace c1m
