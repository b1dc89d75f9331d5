#include "native/engine/run/closing.h"

#include <unistd.h>

#include <algorithm>

#include "native/engine/dial/stale_answer.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

// Both ends of a connection in one table were opened close together. Closing the table in steps,
// the dialed ends of each step before the accepted ones, keeps the number of half-closed
// connections small: each is a TIME_WAIT entry, limited by tcp_max_tw_buckets.
constexpr int kStep = 256;

void CloseRange(TableContext& context, int begin, int end, bool dialed) {
  ConnectionStates& connections = context.connections;
  const RunOptions& options = context.run.options;
  const bool reset = dialed ? options.dial->close == CloseMode::kRst
                            : options.listen && options.listen->close == CloseMode::kRst;
  for (int fd = begin; fd < end; ++fd) {
    const ConnectionState state = connections.state(fd);
    if (state == ConnectionState::kNone || (state == ConnectionState::kAccepted) == dialed)
      continue;
    if (state == ConnectionState::kConnecting && IsAnsweredStale(fd)) {
      context.counters.pending_answered_stale.Add();
    }
    if (reset) ResetOnClose(fd);
    ::close(fd);
    connections.Clear(fd);
    if (state == ConnectionState::kDialed) context.dialed.CloseOneOfAll();
    if (state == ConnectionState::kAccepted) context.accepted.CloseOneOfAll();
  }
}

}  // namespace

void CloseConnections(TableContext& context) {
  const int end = context.connections.end();
  context.dialed.CloseAll();
  context.accepted.CloseAll();
  for (int begin = 0; begin < end; begin += kStep) {
    const int stop = std::min(end, begin + kStep);
    if (context.run.options.dial) CloseRange(context, begin, stop, /*dialed=*/true);
    if (context.run.options.listen) CloseRange(context, begin, stop, /*dialed=*/false);
  }
}

}  // namespace c1m
