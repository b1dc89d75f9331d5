// A connection whose peer the run has probed.
#pragma once

#include <cstdint>

#include "native/net/keepalive.h"

namespace c1m {

struct Probed {
  int fd = 0;
  // Segments received, and the age of the connection, when it was chosen.
  uint32_t noted_segs = 0;
  uint32_t noted_age_ms = 0;
  // What its socket had before.
  Keepalive chosen;
  // When it was asked, and when its first probe was due: milliseconds since the run began.
  int64_t asked_ms = 0;
  int64_t probe_ms = 0;
  // Segments with which its peer has answered probes.
  uint8_t answers = 0;
  // Whether the kernel probes it now.
  bool active = false;
  bool answered = false;
  // It has answered, but not the first probe.
  bool late = false;
};

}  // namespace c1m
