// Packets the kernel drops, counted by reason and by the chain of kernel functions that led there.
#pragma once

#include <linux/perf_event.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "native/net/drop_program.h"
#include "native/net/fd.h"
#include "native/net/perf_ring.h"
#include "native/net/result.h"
#include "native/net/thread.h"

namespace c1m {

// The tracepoint skb:kfree_skb as its format file describes it.
struct DropTracepoint {
  uint64_t id = 0;
  // What the kernel is to keep, in the language of event filters, e.g. "reason != 2"; empty: all.
  std::string filter;
  // Where a sample has the address of the function that dropped, and the reason; a reason of no
  // bytes is unknown (before Linux 5.17).
  uint32_t location_offset = 0;
  uint32_t reason_offset = 0;
  uint32_t reason_bytes = 0;
};

class DropMonitor {
 public:
  // Functions kept of a call chain, from the one that dropped outwards.
  static constexpr size_t kFrames = 12;

  struct Site {
    uint32_t reason = 0;
    // Return addresses; 0 beyond the end.
    std::array<uint64_t, kFrames> frames{};
    bool operator==(const Site&) const = default;
  };
  struct Count {
    Site site;
    uint64_t drops = 0;
  };
  struct Report {
    std::vector<Count> counts;
    // Drops the rings had no room for, and drops at more sites than are kept apart.
    uint64_t lost = 0;
    uint64_t others = 0;
  };

  using Started = Result<std::unique_ptr<DropMonitor>>;
  // Begins to count, on a thread of its own. EACCES or EPERM without CAP_PERFMON. Of every network
  // namespace: the tracepoint tells neither that nor addresses.
  static Started Start(const DropTracepoint& tracepoint);
  // The same with a program that tells them; needs CAP_BPF as well. While it runs it costs every
  // dropped packet of the host about a microsecond.
  static Started Start(const DropFilter& filter);
  ~DropMonitor();
  DropMonitor(const DropMonitor&) = delete;
  DropMonitor& operator=(const DropMonitor&) = delete;

  // What was counted so far.
  [[nodiscard]] Report Read() const;

 private:
  // Where a sample has what is counted; see DropTracepoint.
  struct Layout {
    uint32_t location_offset;
    uint32_t reason_offset;
    uint32_t reason_bytes;
  };
  explicit DropMonitor(const Layout& layout) : layout_(layout) {}

  struct SiteHash {
    size_t operator()(const Site& site) const;
  };

  // One ring a CPU, each handed to `prepare(fd, cpu)` before it is enabled.
  template <typename Prepare>
  std::optional<SysError> OpenRings(uint32_t type, uint64_t config, Prepare&& prepare);
  std::optional<SysError> AttachProgram(const DropFilter& filter);
  std::optional<SysError> StartThread();
  void Main();
  void DrainAll();
  void Add(std::span<const std::byte> sample);
  void AddLost(std::span<const std::byte> record);

  const Layout layout_;
  std::vector<PerfRing> rings_;
  // With a program: the map of its rings, which empties itself when closed, and its place at the
  // tracepoint, which lets go of it when closed.
  UniqueFd map_;
  UniqueFd attached_;
  UniqueFd wake_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::unordered_map<Site, uint64_t, SiteHash> counts_;
  uint64_t lost_ = 0;
  uint64_t others_ = 0;
  Thread thread_;
};

}  // namespace c1m
