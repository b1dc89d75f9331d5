// A perf event on one CPU and the ring buffer to which the kernel writes its samples
// (perf_event_open(2)).
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "native/net/fd.h"
#include "native/net/result.h"

namespace c1m {

class PerfRing {
 public:
  // Opens the event on `cpu` for every process. Fails with ENODEV if the CPU is offline.
  static Result<PerfRing> Open(perf_event_attr& attributes, int cpu);

  PerfRing(PerfRing&& other) noexcept;
  PerfRing& operator=(PerfRing&&) = delete;
  PerfRing(const PerfRing&) = delete;
  PerfRing& operator=(const PerfRing&) = delete;
  ~PerfRing();

  // Becomes readable when a quarter of the ring is full.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Passes each new record to `visit(type, body)`.
  template <typename Visit>
  void Drain(Visit&& visit) {
    // libc++ 17 lacks std::atomic_ref.
    const uint64_t head = __atomic_load_n(&page_->data_head, __ATOMIC_ACQUIRE);
    uint64_t tail = page_->data_tail;
    while (tail < head) {
      perf_event_header header;
      Copy(tail, &header, sizeof(header));
      record_.resize(header.size - sizeof(header));
      Copy(tail + sizeof(header), record_.data(), record_.size());
      visit(header.type, std::span<const std::byte>(record_));
      tail += header.size;
    }
    __atomic_store_n(&page_->data_tail, tail, __ATOMIC_RELEASE);
  }

 private:
  PerfRing(UniqueFd fd, perf_event_mmap_page* page) : fd_(std::move(fd)), page_(page) {}
  // Copies bytes from a position in the endless stream, which wraps around in the ring.
  void Copy(uint64_t from, void* to, size_t size) const;

  UniqueFd fd_;
  perf_event_mmap_page* page_;
  std::vector<std::byte> record_;
};

}  // namespace c1m
