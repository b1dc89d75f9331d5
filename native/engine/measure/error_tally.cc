#include "native/engine/measure/error_tally.h"

namespace c1m {

const char* PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kSocket:
      return "socket";
    case Phase::kBind:
      return "bind";
    case Phase::kConnect:
      return "connect";
    case Phase::kTimeout:
      return "timeout";
    case Phase::kHold:
      return "hold";
    case Phase::kExchange:
      return "exchange";
    case Phase::kAccept:
      return "accept";
  }
  return "";
}

}  // namespace c1m
