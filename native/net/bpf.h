// The calls of bpf(2) that the drop monitor needs.
#pragma once

#include <linux/bpf.h>

#include <optional>
#include <span>

#include "native/net/fd.h"
#include "native/net/result.h"

namespace c1m {

// A map from CPU to the perf event that a program writes to on that CPU.
Result<UniqueFd> CreatePerfEventArray(int cpus);
std::optional<SysError> SetPerfEvent(const UniqueFd& map, int cpu, int perf_event_fd);

// Loads a program that runs at a tracepoint and receives its raw arguments. Fails with EPERM
// without CAP_BPF and CAP_PERFMON, with EACCES or EINVAL if the verifier rejects the program.
Result<UniqueFd> LoadRawTracepointProgram(std::span<const bpf_insn> code);
// Attaches the program to a tracepoint until the returned descriptor is closed.
Result<UniqueFd> AttachRawTracepoint(const char* name, const UniqueFd& program);

}  // namespace c1m
