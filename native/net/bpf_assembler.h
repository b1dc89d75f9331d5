// eBPF instructions by name, with labels (Documentation/bpf/standardization/instruction-set.rst).
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace c1m {

class BpfAssembler {
 public:
  using Register = uint8_t;
  struct Label {
    size_t index;
  };

  [[nodiscard]] Label NewLabel() {
    places_.push_back(0);
    return {places_.size() - 1};
  }
  void Place(Label label) { places_[label.index] = code_.size(); }

  void Move(Register to, Register from) { Put(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void MoveValue(Register to, int32_t value) { Put(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value); }
  // The value is zero-extended.
  void MoveValue32(Register to, int32_t value) { Put(BPF_ALU | BPF_MOV | BPF_K, to, 0, 0, value); }
  void Add(Register to, Register from) { Put(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0); }
  // BPF_ADD, BPF_AND, BPF_LSH or BPF_RSH.
  void Apply(uint8_t operation, Register to, int32_t value) {
    Put(static_cast<uint8_t>(BPF_ALU64 | operation | BPF_K), to, 0, 0, value);
  }
  // Converts 16 bits between network order and host order.
  void SwapFromNetwork(Register value) { Put(BPF_ALU | BPF_END | BPF_TO_BE, value, 0, 0, 16); }

  // `size` is BPF_B, BPF_H, BPF_W or BPF_DW; the address is base + offset.
  void Load(uint8_t size, Register to, Register base, int16_t offset) {
    Put(static_cast<uint8_t>(BPF_LDX | BPF_MEM | size), to, base, offset, 0);
  }
  void Store(uint8_t size, Register base, int16_t offset, Register from) {
    Put(static_cast<uint8_t>(BPF_STX | BPF_MEM | size), base, from, offset, 0);
  }
  void StoreValue(uint8_t size, Register base, int16_t offset, int32_t value) {
    Put(static_cast<uint8_t>(BPF_ST | BPF_MEM | size), base, 0, offset, value);
  }
  void LoadMap(Register to, int map_fd) {
    Put(BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_FD, 0, map_fd);
    Put(0, 0, 0, 0, 0);
  }

  void Jump(Label label) { JumpTo(label, BPF_JMP | BPF_JA, 0, 0); }
  // `comparison` is BPF_JEQ, BPF_JNE, BPF_JLT or BPF_JGT; compares the low 32 bits.
  void JumpIf(uint8_t comparison, Register value, int32_t with, Label label) {
    JumpTo(label, static_cast<uint8_t>(BPF_JMP32 | comparison | BPF_K), value, with);
  }
  // Compares all 64 bits with 0.
  void JumpIfZero(Register value, Label label) {
    JumpTo(label, BPF_JMP | BPF_JEQ | BPF_K, value, 0);
  }
  void Call(int32_t helper) { Put(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }
  void Exit() { Put(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

  // Returns the program with the offset of every jump filled in.
  [[nodiscard]] std::vector<bpf_insn> Assemble() const {
    std::vector<bpf_insn> code = code_;
    for (const auto& [at, label] : jumps_) {
      code[at].off = static_cast<int16_t>(static_cast<int64_t>(places_[label.index]) -
                                          static_cast<int64_t>(at) - 1);
    }
    return code;
  }

 private:
  void Put(uint8_t code, Register to, Register from, int16_t offset, int32_t value) {
    bpf_insn instruction{};
    instruction.code = code;
    instruction.dst_reg = to & 15U;
    instruction.src_reg = from & 15U;
    instruction.off = offset;
    instruction.imm = value;
    code_.push_back(instruction);
  }
  void JumpTo(Label label, uint8_t code, Register value, int32_t with) {
    jumps_.emplace_back(code_.size(), label);
    Put(code, value, 0, 0, with);
  }

  std::vector<bpf_insn> code_;
  std::vector<size_t> places_;
  std::vector<std::pair<size_t, Label>> jumps_;
};

}  // namespace c1m
