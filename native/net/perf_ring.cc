#include "native/net/perf_ring.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace c1m {
namespace {

// The memory that an unprivileged user may lock for each CPU (kernel.perf_event_mlock_kb: 516),
// minus the header page.
constexpr size_t kRingBytes = size_t{512} * 1024;

size_t MappedBytes() { return kRingBytes + static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

Result<PerfRing> PerfRing::Open(perf_event_attr& attributes, int cpu) {
  attributes.size = sizeof(attributes);
  attributes.watermark = 1;
  attributes.wakeup_watermark = kRingBytes / 4;
  UniqueFd fd(AboveStdio(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, /*pid=*/-1, cpu, -1, PERF_FLAG_FD_CLOEXEC))));
  if (!fd.valid()) return LastError("perf_event_open");
  void* page =
      ::mmap(nullptr, MappedBytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), /*offset=*/0);
  if (page == MAP_FAILED) return LastError("mmap");
  return PerfRing(std::move(fd), static_cast<perf_event_mmap_page*>(page));
}

PerfRing::PerfRing(PerfRing&& other) noexcept
    : fd_(std::move(other.fd_)),
      page_(std::exchange(other.page_, nullptr)),
      record_(std::move(other.record_)) {}

PerfRing::~PerfRing() {
  if (page_ != nullptr) ::munmap(page_, MappedBytes());
}

void PerfRing::Copy(uint64_t from, void* to, size_t size) const {
  const auto* ring = reinterpret_cast<const std::byte*>(page_) + ::sysconf(_SC_PAGESIZE);
  const size_t place = from % kRingBytes;
  const size_t first = std::min(size, kRingBytes - place);
  std::memcpy(to, ring + place, first);
  std::memcpy(static_cast<std::byte*>(to) + first, ring, size - first);
}

}  // namespace c1m
