// The part of a census (TCP_INFO of every connection) that one table takes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/engine/state/table_context.h"

namespace c1m {

class CensusTaker {
 public:
  // `seen`: the number of the census that was in progress when the table was opened; the table
  // takes no part in it.
  CensusTaker(TableContext& context, uint32_t seen) : context_(context), seen_(seen) {}

  // Whether a census waits for this table.
  [[nodiscard]] bool due() const {
    return context_.run.census_number.load(std::memory_order_acquire) != seen_;
  }
  // Reads one batch of connections; true after the last one.
  bool Step();
  // Skips the remaining connections of the current census.
  void Leave();

 private:
  // The number of probes of this run that the peer has answered. Must be called in ascending order
  // of descriptors.
  uint8_t ProbeAnswers(int fd);

  TableContext& context_;
  uint32_t seen_;
  int next_fd_ = 0;
  size_t next_probed_ = 0;
  // Dialed connections to skip before the next one to read.
  uint32_t skip_ = 0;
};

}  // namespace c1m
