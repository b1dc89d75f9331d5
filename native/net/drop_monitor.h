// Counts the packets that the kernel drops, by reason and by the call chain that led to the drop.
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
  // The event filter of the kernel, e.g. "reason != 2"; empty: no filter.
  std::string filter;
  // Offsets in a sample of the address of the function that dropped, and of the reason. With
  // `reason_bytes` 0 the reason is unknown (before Linux 5.17).
  uint32_t location_offset = 0;
  uint32_t reason_offset = 0;
  uint32_t reason_bytes = 0;
};

class DropMonitor {
 public:
  // Frames kept of a call chain, from the function that dropped outward.
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
    // `lost`: drops for which a ring had no room. `others`: drops at sites beyond the first 4096.
    uint64_t lost = 0;
    uint64_t others = 0;
  };

  using Started = Result<std::unique_ptr<DropMonitor>>;
  // Starts counting on a thread of its own. Counts the drops of all network namespaces, because the
  // tracepoint carries neither namespace nor addresses. Fails with EACCES or EPERM without
  // CAP_PERFMON.
  static Started Start(const DropTracepoint& tracepoint);
  // The same with a BPF program that filters by both; needs CAP_BPF as well. It costs about a
  // microsecond for every packet that the host drops.
  static Started Start(const DropFilter& filter);
  ~DropMonitor();
  DropMonitor(const DropMonitor&) = delete;
  DropMonitor& operator=(const DropMonitor&) = delete;

  // The counts so far.
  [[nodiscard]] Report Read() const;

 private:
  // Where a sample holds the counted fields; see DropTracepoint.
  struct Layout {
    uint32_t location_offset;
    uint32_t reason_offset;
    uint32_t reason_bytes;
  };
  explicit DropMonitor(const Layout& layout) : layout_(layout) {}

  struct SiteHash {
    size_t operator()(const Site& site) const;
  };

  // Opens one ring per CPU and passes each to `prepare(fd, cpu)` before enabling it.
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
  // Used with a program only: the map of its rings, which closing empties, and its attachment to
  // the tracepoint, which closing undoes.
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
