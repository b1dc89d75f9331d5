// The few uses of bpf(2) the drop monitor has.
#pragma once

#include <linux/bpf.h>

#include <optional>
#include <span>

#include "native/net/fd.h"
#include "native/net/result.h"

namespace c1m {

// A map from CPUs to the perf events a program may write to.
Result<UniqueFd> CreatePerfEventArray(int cpus);
std::optional<SysError> SetPerfEvent(const UniqueFd& map, int cpu, int perf_event_fd);

// A program that runs at a tracepoint with its raw arguments. EPERM without CAP_BPF and
// CAP_PERFMON; EACCES or EINVAL when the verifier refuses it.
Result<UniqueFd> LoadRawTracepointProgram(std::span<const bpf_insn> code);
// Runs it from now on, until the descriptor is closed.
Result<UniqueFd> AttachRawTracepoint(const char* name, const UniqueFd& program);

}  // namespace c1m
