// A table's part of a census.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/engine/state/table_context.h"

namespace c1m {

class CensusTaker {
 public:
  // `seen`: the number of the census that was under way when the table was opened, which it takes
  // no part in.
  CensusTaker(TableContext& context, uint32_t seen) : context_(context), seen_(seen) {}

  // Whether the run waits for this table.
  [[nodiscard]] bool due() const {
    return context_.run.census_number.load(std::memory_order_acquire) != seen_;
  }
  // Reads some of the connections; true when those were the last.
  bool Step();
  // Leaves the rest out.
  void Leave();

 private:
  // Segments with which the peer has answered probes of this run. Descriptors come in order.
  uint8_t ProbeAnswers(int fd);

  TableContext& context_;
  uint32_t seen_;
  int next_fd_ = 0;
  size_t next_probed_ = 0;
  // Dialed connections to pass over before the next one that is read.
  uint32_t skip_ = 0;
};

}  // namespace c1m
