// Determines from TCP_INFO why a connection ended too early.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/engine/measure/early_ends.h"
#include "native/engine/measure/error_tally.h"
#include "native/net/tcp_info.h"

namespace c1m {

// What this process knows about the end of a connection.
struct Ending {
  // kHold: the connection was idle. kExchange: an exchange, or the wait for a close, was in
  // progress.
  Phase phase = Phase::kHold;
  // As in Exchange::Result; 0: the peer closed, which it may.
  int error = 0;
  bool answered_before = false;
  bool awaits_close = false;
  // Whether the kernel has accepted the whole message.
  bool all_sent = false;
  bool partial = false;
  uint64_t message_bytes = 0;
  // Time since the message was due.
  int64_t elapsed_ns = 0;
  uint32_t syn_retries = 0;
};

// `known`: the number of bytes of `info` that came from the kernel.
EarlyEnd DescribeEnd(const Ending& ending, const TcpInfo& info, size_t known);

}  // namespace c1m
