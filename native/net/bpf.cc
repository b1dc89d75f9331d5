#include "native/net/bpf.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace c1m {
namespace {

long Bpf(bpf_cmd command, bpf_attr& attributes) {
  return ::syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

uint64_t Pointer(const void* to) { return reinterpret_cast<uintptr_t>(to); }

// Descriptors from bpf(2) are always close-on-exec.
Result<UniqueFd> Descriptor(long fd, const char* syscall) {
  UniqueFd descriptor(AboveStdio(static_cast<int>(fd)));
  if (!descriptor.valid()) return LastError(syscall);
  return descriptor;
}

}  // namespace

Result<UniqueFd> CreatePerfEventArray(int cpus) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY;
  attributes.key_size = sizeof(int);
  attributes.value_size = sizeof(int);
  attributes.max_entries = static_cast<uint32_t>(cpus);
  return Descriptor(Bpf(BPF_MAP_CREATE, attributes), "BPF_MAP_CREATE");
}

std::optional<SysError> SetPerfEvent(const UniqueFd& map, int cpu, int perf_event_fd) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<uint32_t>(map.get());
  attributes.key = Pointer(&cpu);
  attributes.value = Pointer(&perf_event_fd);
  if (Bpf(BPF_MAP_UPDATE_ELEM, attributes) == 0) return std::nullopt;
  return LastError("BPF_MAP_UPDATE_ELEM");
}

Result<UniqueFd> LoadRawTracepointProgram(std::span<const bpf_insn> code) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
  attributes.insns = Pointer(code.data());
  attributes.insn_cnt = static_cast<uint32_t>(code.size());
  // The kernel provides bpf_probe_read_kernel only to GPL-compatible programs.
  attributes.license = Pointer("Dual MIT/GPL");
  return Descriptor(Bpf(BPF_PROG_LOAD, attributes), "BPF_PROG_LOAD");
}

Result<UniqueFd> AttachRawTracepoint(const char* name, const UniqueFd& program) {
  bpf_attr attributes{};
  attributes.raw_tracepoint.name = Pointer(name);
  attributes.raw_tracepoint.prog_fd = static_cast<uint32_t>(program.get());
  return Descriptor(Bpf(BPF_RAW_TRACEPOINT_OPEN, attributes), "BPF_RAW_TRACEPOINT_OPEN");
}

}  // namespace c1m
