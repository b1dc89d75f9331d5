#include "native/net/drop_program.h"

#include <arpa/inet.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "native/net/bpf_assembler.h"

namespace c1m {
namespace {

using Label = BpfAssembler::Label;

// Registers that helpers preserve, and the frame pointer.
constexpr uint8_t kContext = 6;
constexpr uint8_t kPacket = 7;
constexpr uint8_t kReason = 8;
constexpr uint8_t kAddress = 9;
constexpr uint8_t kStack = 10;
// Reused once the packet itself is no longer needed.
constexpr uint8_t kSourcePort = 7;
constexpr uint8_t kDestinationPort = 9;

// Stack offsets, relative to the frame pointer.
constexpr int16_t kScratch = -16;
constexpr int16_t kPorts = -24;
constexpr int16_t kHeader = -64;
constexpr int16_t kSource = -80;
constexpr int16_t kDestination = -96;

constexpr int32_t kHeaderBytes = 40;
constexpr int32_t kTcp = 6;

// Arguments of the tracepoint kfree_skb: skb, location, reason.
constexpr int16_t kSkbArgument = 0;
constexpr int16_t kLocationArgument = 8;
constexpr int16_t kReasonArgument = 16;

class Builder {
 public:
  Builder(const DropFilter& filter, int map_fd) : filter_(filter), map_fd_(map_fd) {}

  std::vector<bpf_insn> Build() {
    a_.Move(kContext, BPF_REG_1);
    a_.Load(BPF_DW, kPacket, kContext, kSkbArgument);
    a_.Load(BPF_DW, kReason, kContext, kReasonArgument);
    for (const uint32_t reason : filter_.ignored_reasons) {
      a_.JumpIf(BPF_JEQ, kReason, static_cast<int32_t>(reason), out_);
    }
    CheckProtocol();
    if (filter_.net_inode != 0) CheckNamespace();
    if (!filter_.ends.empty()) {
      ReadAddresses();
      MatchEnds();
    }
    a_.Place(matched_);
    Write();
    a_.Place(out_);
    a_.MoveValue(BPF_REG_0, 0);
    a_.Exit();
    return a_.Assemble();
  }

 private:
  // Copies kernel memory at the address in register 3 to the stack.
  void Read(int16_t to, int32_t bytes) {
    a_.Move(BPF_REG_1, kStack);
    a_.Apply(BPF_ADD, BPF_REG_1, to);
    a_.MoveValue(BPF_REG_2, bytes);
    a_.Call(BPF_FUNC_probe_read_kernel);
  }
  void ReadMember(int16_t to, int32_t bytes, uint8_t base, uint32_t offset) {
    a_.Move(BPF_REG_3, base);
    a_.Apply(BPF_ADD, BPF_REG_3, static_cast<int32_t>(offset));
    Read(to, bytes);
  }

  void CheckProtocol() {
    const Label ip = a_.NewLabel();
    ReadMember(kScratch, 2, kPacket, filter_.layout.skb_protocol);
    a_.Load(BPF_H, BPF_REG_1, kStack, kScratch);
    a_.JumpIf(BPF_JEQ, BPF_REG_1, htons(0x0800), ip);
    a_.JumpIf(BPF_JNE, BPF_REG_1, htons(0x86dd), out_);
    a_.Place(ip);
  }

  // Takes the namespace from the socket if the packet has one. Otherwise takes it from the device,
  // a field that is garbage while the packet is in one of TCP's trees.
  void CheckNamespace() {
    const KernelLayout& layout = filter_.layout;
    const Label no_socket = a_.NewLabel();
    const Label namespace_known = a_.NewLabel();
    ReadMember(kScratch, 8, kPacket, layout.skb_sk);
    a_.Load(BPF_DW, BPF_REG_3, kStack, kScratch);
    a_.JumpIfZero(BPF_REG_3, no_socket);
    a_.Apply(BPF_ADD, BPF_REG_3, static_cast<int32_t>(layout.sock_net));
    a_.Jump(namespace_known);
    a_.Place(no_socket);
    ReadMember(kScratch, 8, kPacket, layout.skb_dev);
    a_.Load(BPF_DW, BPF_REG_3, kStack, kScratch);
    a_.JumpIfZero(BPF_REG_3, out_);
    a_.Apply(BPF_ADD, BPF_REG_3, static_cast<int32_t>(layout.dev_net));
    a_.Place(namespace_known);
    Read(kScratch, 8);
    a_.Load(BPF_DW, BPF_REG_3, kStack, kScratch);
    a_.Apply(BPF_ADD, BPF_REG_3, static_cast<int32_t>(layout.net_inode));
    Read(kScratch, 4);
    a_.Load(BPF_W, BPF_REG_1, kStack, kScratch);
    a_.JumpIf(BPF_JNE, BPF_REG_1, static_cast<int32_t>(filter_.net_inode), out_);
  }

  // Reads both ports of a TCP packet and both addresses; IPv4 is mapped into IPv6.
  void ReadAddresses() {
    const Label v4 = a_.NewLabel();
    const Label ports = a_.NewLabel();
    ReadMember(kScratch, 2, kPacket, filter_.layout.skb_network_header);
    ReadMember(kPorts, 8, kPacket, filter_.layout.skb_head);
    a_.Load(BPF_DW, kAddress, kStack, kPorts);
    a_.Load(BPF_H, BPF_REG_1, kStack, kScratch);
    a_.Add(kAddress, BPF_REG_1);
    ReadMember(kHeader, kHeaderBytes, kAddress, 0);
    a_.Load(BPF_B, BPF_REG_1, kStack, kHeader);
    a_.Move(BPF_REG_2, BPF_REG_1);
    a_.Apply(BPF_RSH, BPF_REG_2, 4);
    a_.JumpIf(BPF_JEQ, BPF_REG_2, 4, v4);
    a_.JumpIf(BPF_JNE, BPF_REG_2, 6, out_);

    // IPv6 packets with extension headers before TCP are skipped.
    a_.Load(BPF_B, BPF_REG_2, kStack, kHeader + 6);
    a_.JumpIf(BPF_JNE, BPF_REG_2, kTcp, out_);
    for (int16_t i = 0; i < 4; ++i) {
      a_.Load(BPF_DW, BPF_REG_2, kStack, static_cast<int16_t>(kHeader + 8 + 8 * i));
      const int to = i < 2 ? kSource + 8 * i : kDestination + 8 * (i - 2);
      a_.Store(BPF_DW, kStack, static_cast<int16_t>(to), BPF_REG_2);
    }
    a_.Apply(BPF_ADD, kAddress, kHeaderBytes);
    a_.Jump(ports);

    a_.Place(v4);
    a_.Load(BPF_B, BPF_REG_2, kStack, kHeader + 9);
    a_.JumpIf(BPF_JNE, BPF_REG_2, kTcp, out_);
    a_.Apply(BPF_AND, BPF_REG_1, 15);
    a_.Apply(BPF_LSH, BPF_REG_1, 2);
    a_.Add(kAddress, BPF_REG_1);
    for (const auto& [from, to] : {std::pair{12, kSource}, std::pair{16, kDestination}}) {
      a_.StoreValue(BPF_DW, kStack, to, 0);
      a_.StoreValue(BPF_W, kStack, static_cast<int16_t>(to + 8),
                    static_cast<int32_t>(htonl(0xffff)));
      a_.Load(BPF_W, BPF_REG_2, kStack, static_cast<int16_t>(kHeader + from));
      a_.Store(BPF_W, kStack, static_cast<int16_t>(to + 12), BPF_REG_2);
    }

    a_.Place(ports);
    ReadMember(kPorts, 4, kAddress, 0);
    a_.Load(BPF_H, kSourcePort, kStack, kPorts);
    a_.SwapFromNetwork(kSourcePort);
    a_.Load(BPF_H, kDestinationPort, kStack, kPorts + 2);
    a_.SwapFromNetwork(kDestinationPort);
  }

  void MatchEnds() {
    for (const LocalEndpoint& end : filter_.ends) {
      Match(end, kSourcePort, kSource);
      Match(end, kDestinationPort, kDestination);
    }
    a_.Jump(out_);
  }

  void Match(const LocalEndpoint& end, uint8_t port, int16_t address) {
    const Label other = a_.NewLabel();
    a_.JumpIf(BPF_JLT, port, end.first_port, other);
    a_.JumpIf(BPF_JGT, port, end.last_port, other);
    if (end.address) {
      const auto mapped = end.address->Mapped();
      for (size_t i = 0; i < mapped.size(); i += 4) {
        int32_t word = 0;
        std::memcpy(&word, mapped.data() + i, sizeof(word));
        a_.Load(BPF_W, BPF_REG_1, kStack, static_cast<int16_t>(address + static_cast<int16_t>(i)));
        a_.JumpIf(BPF_JNE, BPF_REG_1, word, other);
      }
    }
    a_.Jump(matched_);
    a_.Place(other);
  }

  void Write() {
    a_.StoreValue(BPF_DW, kStack, kScratch, 0);
    a_.Store(BPF_W, kStack, kScratch + static_cast<int16_t>(offsetof(DropRecord, reason)), kReason);
    a_.Load(BPF_DW, BPF_REG_1, kContext, kLocationArgument);
    a_.Store(BPF_DW, kStack, kScratch + static_cast<int16_t>(offsetof(DropRecord, location)),
             BPF_REG_1);
    a_.Move(BPF_REG_1, kContext);
    a_.LoadMap(BPF_REG_2, map_fd_);
    // BPF_F_CURRENT_CPU
    a_.MoveValue32(BPF_REG_3, -1);
    a_.Move(BPF_REG_4, kStack);
    a_.Apply(BPF_ADD, BPF_REG_4, kScratch);
    a_.MoveValue(BPF_REG_5, sizeof(DropRecord));
    a_.Call(BPF_FUNC_perf_event_output);
  }

  const DropFilter& filter_;
  const int map_fd_;
  BpfAssembler a_;
  const Label out_ = a_.NewLabel();
  const Label matched_ = a_.NewLabel();
};

}  // namespace

std::vector<bpf_insn> DropProgram(const DropFilter& filter, int map_fd) {
  return Builder(filter, map_fd).Build();
}

}  // namespace c1m
