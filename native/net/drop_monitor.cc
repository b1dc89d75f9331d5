#include "native/net/drop_monitor.h"

#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "native/net/bpf.h"
#include "native/net/socket.h"

namespace c1m {
namespace {

// Frames that the kernel records; some of them are above the function that dropped.
constexpr uint16_t kWalkedFrames = 24;

// The number of sites that are counted separately; a system has a few dozen.
constexpr size_t kMostSites = 4096;

// Interval at which rings are read that do not reach their watermark.
constexpr int kPeriodMs = 100;

// Values from here up are not addresses: they mark the context of the addresses that follow
// (PERF_CONTEXT_*).
constexpr uint64_t kFirstMarker = static_cast<uint64_t>(-4095);

int Cpus() { return static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)); }

template <typename T>
T At(std::span<const std::byte> bytes, size_t offset) {
  T value{};
  if (offset + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace

DropMonitor::Started DropMonitor::Start(const DropTracepoint& tracepoint) {
  std::unique_ptr<DropMonitor> monitor(
      new DropMonitor({.location_offset = tracepoint.location_offset,
                       .reason_offset = tracepoint.reason_offset,
                       .reason_bytes = tracepoint.reason_bytes}));
  const auto set_filter = [&](int fd, int) -> std::optional<SysError> {
    if (tracepoint.filter.empty()) return std::nullopt;
    if (::ioctl(fd, PERF_EVENT_IOC_SET_FILTER, tracepoint.filter.c_str()) == 0) return std::nullopt;
    return LastError("PERF_EVENT_IOC_SET_FILTER");
  };
  auto error = monitor->OpenRings(PERF_TYPE_TRACEPOINT, tracepoint.id, set_filter);
  if (!error) error = monitor->StartThread();
  if (error) return *error;
  return monitor;
}

DropMonitor::Started DropMonitor::Start(const DropFilter& filter) {
  if (filter.ends.size() > kMaxDropEnds) return SysError{E2BIG, "BPF_PROG_LOAD"};
  std::unique_ptr<DropMonitor> monitor(
      new DropMonitor({.location_offset = offsetof(DropRecord, location),
                       .reason_offset = offsetof(DropRecord, reason),
                       .reason_bytes = sizeof(DropRecord::reason)}));
  auto map = CreatePerfEventArray(Cpus());
  if (!map.ok()) return map.error();
  monitor->map_ = std::move(map.value());
  auto error =
      monitor->OpenRings(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT,
                         [&](int fd, int cpu) { return SetPerfEvent(monitor->map_, cpu, fd); });
  if (!error) error = monitor->AttachProgram(filter);
  if (!error) error = monitor->StartThread();
  if (error) return *error;
  return monitor;
}

std::optional<SysError> DropMonitor::AttachProgram(const DropFilter& filter) {
  const auto program = LoadRawTracepointProgram(DropProgram(filter, map_.get()));
  if (!program.ok()) return program.error();
  auto attached = AttachRawTracepoint("kfree_skb", program.value());
  if (!attached.ok()) return attached.error();
  attached_ = std::move(attached.value());
  return std::nullopt;
}

std::optional<SysError> DropMonitor::StartThread() {
  const auto wake = OpenEventFd();
  if (!wake.ok()) return wake.error();
  wake_.Reset(wake.value());
  const int error = thread_.Start([this] { Main(); });
  if (error != 0) return SysError{error, "pthread_create"};
  return std::nullopt;
}

DropMonitor::~DropMonitor() {
  stopping_ = true;
  if (wake_.valid()) Signal(wake_.get());
  thread_.Join();
}

template <typename Prepare>
std::optional<SysError> DropMonitor::OpenRings(uint32_t type, uint64_t config, Prepare&& prepare) {
  perf_event_attr attributes{};
  attributes.type = type;
  attributes.config = config;
  attributes.sample_period = 1;
  attributes.sample_type = PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW;
  attributes.exclude_callchain_user = 1;
  attributes.sample_max_stack = kWalkedFrames;
  attributes.disabled = 1;
  for (int cpu = 0; cpu < Cpus(); ++cpu) {
    auto ring = PerfRing::Open(attributes, cpu);
    if (!ring.ok() && ring.error().code == ENODEV) continue;
    if (!ring.ok()) return ring.error();
    const int fd = ring.value().fd();
    if (const auto error = prepare(fd, cpu)) return error;
    if (::ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) != 0) return LastError("PERF_EVENT_IOC_ENABLE");
    rings_.push_back(std::move(ring.value()));
  }
  return std::nullopt;
}

void DropMonitor::Main() {
  std::vector<pollfd> waiting{{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
  for (const PerfRing& ring : rings_) {
    waiting.push_back({.fd = ring.fd(), .events = POLLIN, .revents = 0});
  }
  while (!stopping_) {
    ::poll(waiting.data(), waiting.size(), kPeriodMs);
    DrainAll();
  }
}

void DropMonitor::DrainAll() {
  const std::lock_guard lock(mutex_);
  for (PerfRing& ring : rings_) {
    ring.Drain([this](uint32_t type, std::span<const std::byte> record) {
      if (type == PERF_RECORD_SAMPLE) Add(record);
      if (type == PERF_RECORD_LOST) AddLost(record);
    });
  }
}

// {u64 count, u64 addresses[count], u32 size, char raw[size]}
void DropMonitor::Add(std::span<const std::byte> sample) {
  const auto frames = std::min<uint64_t>(At<uint64_t>(sample, 0), kWalkedFrames + 8);
  const size_t raw_begin = sizeof(uint64_t) * (1 + frames) + sizeof(uint32_t);
  if (raw_begin > sample.size()) return;
  const auto raw = sample.subspan(raw_begin);
  Site site;
  if (layout_.reason_bytes > 0) site.reason = At<uint32_t>(raw, layout_.reason_offset);
  // The chain starts in the code of the tracepoint; frames before the caller of kfree_skb are of no
  // use.
  const auto location = At<uint64_t>(raw, layout_.location_offset);
  size_t kept = 0;
  for (size_t i = 1; i <= frames && kept < kFrames; ++i) {
    const auto address = At<uint64_t>(sample, i * sizeof(uint64_t));
    if (address >= kFirstMarker || (kept == 0 && address != location)) continue;
    site.frames[kept++] = address;
  }
  if (kept == 0) site.frames[0] = location;
  const auto found = counts_.find(site);
  if (found != counts_.end()) {
    ++found->second;
  } else if (counts_.size() < kMostSites) {
    counts_.emplace(site, 1);
  } else {
    ++others_;
  }
}

// {u64 id, u64 lost}
void DropMonitor::AddLost(std::span<const std::byte> record) {
  lost_ += At<uint64_t>(record, sizeof(uint64_t));
}

DropMonitor::Report DropMonitor::Read() const {
  const std::lock_guard lock(mutex_);
  Report report{.counts = {}, .lost = lost_, .others = others_};
  report.counts.reserve(counts_.size());
  for (const auto& [site, drops] : counts_) report.counts.push_back({.site = site, .drops = drops});
  return report;
}

size_t DropMonitor::SiteHash::operator()(const Site& site) const {
  // FNV-1a over the words.
  uint64_t hash = 14695981039346656037ULL ^ site.reason;
  for (const uint64_t frame : site.frames) hash = (hash ^ frame) * 1099511628211ULL;
  return hash;
}

}  // namespace c1m
