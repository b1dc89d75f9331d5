// What TCP_INFO says of a connection at the moment it ends too early.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/engine/measure/early_ends.h"
#include "native/engine/measure/error_tally.h"
#include "native/net/tcp_info.h"

namespace c1m {

// How a connection ended, as far as this process knows.
struct Ending {
  // kHold: nothing was under way. kExchange: an exchange was, or a close was awaited.
  Phase phase = Phase::kHold;
  // Of Exchange::Result; 0: the peer closed when it might.
  int error = 0;
  bool answered_before = false;
  bool awaits_close = false;
  // Whether all of the message went into the kernel.
  bool all_sent = false;
  bool partial = false;
  uint64_t message_bytes = 0;
  // Since the message was to be sent.
  int64_t underway_ns = 0;
  uint32_t syn_retries = 0;
};

// `known`: bytes of `info` that came from the kernel.
EarlyEnd DescribeEnd(const Ending& ending, const TcpInfo& info, size_t known);

}  // namespace c1m
