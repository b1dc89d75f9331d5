// A census sheet whose columns a test can read.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "native/engine/measure/census.h"

namespace c1m::test {

// A sheet and its memory.
struct Sheet {
  explicit Sheet(size_t capacity)
      : memory(CensusSheet::BytesFor(capacity)), sheet(memory, capacity), capacity(capacity) {}

  template <typename T>
  [[nodiscard]] T At(const std::string& column, size_t row) const {
    size_t offset = 0;
    for (const CensusSheet::Column& each : kCensusColumns) {
      if (column == each.name) {
        REQUIRE(each.bytes == sizeof(T));
        T value;
        std::memcpy(&value, memory.data() + offset + row * sizeof(T), sizeof(T));
        return value;
      }
      offset += capacity * each.bytes;
    }
    FAIL("no column " << column);
    return {};
  }

  std::vector<std::byte> memory;
  CensusSheet sheet;
  size_t capacity;
};

}  // namespace c1m::test
