// A connection that the run probes to see whether its peer is alive.
#pragma once

#include <cstdint>

#include "native/net/keepalive.h"

namespace c1m {

struct Probed {
  int fd = 0;
  // Segments received and age of the connection when it was selected.
  uint32_t noted_segs = 0;
  uint32_t noted_age_ms = 0;
  // The keepalive options that its socket had before.
  Keepalive chosen;
  // When probing began, and when the first probe was due: milliseconds since the run began.
  int64_t asked_ms = 0;
  int64_t probe_ms = 0;
  // When its TCP_INFO was last read.
  int64_t looked_ms = 0;
  // Number of segments with which the peer has answered probes.
  uint8_t answers = 0;
  // Whether the kernel is probing it now.
  bool active = false;
  bool answered = false;
  // The peer has answered, but not the first probe.
  bool late = false;
};

}  // namespace c1m
