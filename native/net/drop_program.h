// The BPF program that filters dropped packets by namespace and address, neither of which the
// tracepoint carries.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "native/net/inet_diag.h"

namespace c1m {

// Offsets in bytes, on this kernel, of the fields that the program reads; from its BTF.
struct KernelLayout {
  uint32_t skb_protocol = 0;
  uint32_t skb_head = 0;
  uint32_t skb_network_header = 0;
  uint32_t skb_sk = 0;
  uint32_t skb_dev = 0;
  // In struct sock_common, struct net_device and struct net.
  uint32_t sock_net = 0;
  uint32_t dev_net = 0;
  uint32_t net_inode = 0;
};

struct DropFilter {
  KernelLayout layout;
  // Reasons that are not counted.
  std::vector<uint32_t> ignored_reasons;
  // The network namespace to count, as the inode of /proc/self/ns/net; packets that do not belong
  // to a namespace yet are not counted. 0: all.
  uint32_t net_inode = 0;
  // Count TCP packets from or to one of these endpoints; empty: every IP packet.
  std::vector<LocalEndpoint> ends;
};

// Every endpoint takes up to 24 instructions, and a jump reaches 32,767.
inline constexpr size_t kMaxDropEnds = 256;

// The record that the program writes for each packet.
struct DropRecord {
  uint32_t reason;
  uint32_t reserved;
  uint64_t location;
};

std::vector<bpf_insn> DropProgram(const DropFilter& filter, int map_fd);

}  // namespace c1m
