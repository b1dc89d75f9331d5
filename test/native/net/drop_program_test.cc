#include "native/net/drop_program.h"

#include <doctest/doctest.h>

#include "native/net/bpf_assembler.h"
#include "test/native/helpers/loopback.h"

namespace c1m::test {

TEST_CASE("drop_program: jumps go forward and land on an instruction") {
  DropFilter filter;
  filter.ignored_reasons = {2, 104};
  filter.net_inode = 4026531840;
  filter.ends.push_back({.address = Address("127.0.0.1"), .first_port = 80, .last_port = 80});
  filter.ends.push_back({.address = Address("::1"), .first_port = 80, .last_port = 90});
  filter.ends.push_back({.first_port = 443, .last_port = 443});
  const auto code = DropProgram(filter, /*map_fd=*/5);
  for (size_t i = 0; i < code.size(); ++i) {
    const int kind = BPF_CLASS(code[i].code);
    if (kind != BPF_JMP && kind != BPF_JMP32) continue;
    if (BPF_OP(code[i].code) == BPF_CALL || BPF_OP(code[i].code) == BPF_EXIT) continue;
    CHECK(code[i].off >= 0);
    CHECK(i + 1 + static_cast<size_t>(code[i].off) < code.size());
  }
  CHECK(code.back().code == (BPF_JMP | BPF_EXIT));
}

TEST_CASE("drop_program: a jump reaches across the maximum number of ends") {
  DropFilter filter;
  for (size_t i = 0; i < kMaxDropEnds; ++i) {
    const auto port = static_cast<uint16_t>(i);
    filter.ends.push_back({.address = Address("::1"), .first_port = port, .last_port = port});
  }
  CHECK(DropProgram(filter, 5).size() < INT16_MAX);
}

}  // namespace c1m::test
