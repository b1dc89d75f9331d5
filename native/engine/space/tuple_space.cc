#include "native/engine/space/tuple_space.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "native/net/clock.h"

namespace c1m {
namespace {

// The largest size; a sum or product that overflows is cut to it. It fits into a signed integer
// because sizes are also used as such.
constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();

uint64_t Sum(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kMost : std::min(sum, kMost);
}

uint64_t Product(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kMost : std::min(product, kMost);
}

}  // namespace

TupleSpace::TupleSpace(std::vector<AddressRange> sources, std::vector<PortRange> ports, Shard shard,
                       std::vector<SocketAddress> targets, bool endless)
    : sources_(std::move(sources)),
      ports_(std::move(ports)),
      shard_(shard),
      targets_(std::move(targets)),
      endless_(endless) {
  for (const AddressRange& range : sources_) addresses_ = Sum(addresses_, range.count);
  uint64_t ports_in_all = 0;
  for (const PortRange& range : ports_) ports_in_all += uint64_t{range.last} - range.first + 1;
  // Shard k owns the ports whose position in the list is k modulo the number of shards.
  if (ports_in_all > shard_.index) {
    ports_per_source_ = (ports_in_all - shard_.index - 1) / shard_.count + 1;
  }
  size_ = Product(Product(addresses_, ports_per_source_), targets_.size());
}

TupleSpace::Slice TupleSpace::Claim(uint64_t count) {
  uint64_t begin = next_.load(std::memory_order_relaxed);
  if (endless_ && size_ > 0) {
    begin = next_.fetch_add(count, std::memory_order_relaxed);
    if (begin == 0 || begin / size_ != (begin + count) / size_) NoteRound();
    return Slice{.begin = begin, .end = begin + count};
  }
  uint64_t end = std::min(size_, begin + count);
  while (begin < end && !next_.compare_exchange_weak(begin, end, std::memory_order_relaxed)) {
    end = std::min(size_, begin + count);
  }
  return Slice{.begin = begin, .end = std::max(begin, end)};
}

uint64_t TupleSpace::FirstTupleOf(uint64_t sources) const {
  if (size_ == 0) return 0;
  const uint64_t targets = targets_.size();
  return sources % (size_ / targets) * targets;
}

uint64_t TupleSpace::unclaimed() const {
  return endless_ ? size_ : size_ - next_.load(std::memory_order_relaxed);
}

// Records the end of a round. If two workers end one at the same instant, the round appears too
// short by the time of one batch.
void TupleSpace::NoteRound() {
  const int64_t now_ns = NowNs();
  const int64_t began_ns = round_began_ns_.exchange(now_ns, std::memory_order_relaxed);
  if (began_ns == 0) return;
  const int64_t shortest = shortest_rest_ns();
  if (shortest == 0 || now_ns - began_ns < shortest) {
    shortest_rest_ns_.store(now_ns - began_ns, std::memory_order_relaxed);
  }
}

SocketAddress TupleSpace::SourceAddress(uint64_t index) const {
  for (const AddressRange& range : sources_) {
    if (index < range.count) return range.first.Plus(index);
    index -= range.count;
  }
  return {};
}

uint16_t TupleSpace::SourcePort(uint64_t index) const {
  uint64_t place = shard_.index + index * shard_.count;
  for (const PortRange& range : ports_) {
    const uint64_t count = uint64_t{range.last} - range.first + 1;
    if (place < count) return static_cast<uint16_t>(range.first + place);
    place -= count;
  }
  return 0;
}

bool TupleCursor::Advance(uint64_t wanted) {
  if (slice_.begin == slice_.end) {
    slice_ = space_.Claim(wanted);
    if (slice_.begin == slice_.end) return false;
    Seek(slice_.begin++ + offset_);
    return true;
  }
  ++slice_.begin;
  if (++target_ < space_.targets_.size()) return true;
  target_ = 0;
  if (++port_index_ == space_.ports_per_source_) {
    port_index_ = 0;
    if (++address_index_ == space_.addresses_) address_index_ = 0;
    source_ = space_.SourceAddress(address_index_);
  }
  source_.set_port(space_.SourcePort(port_index_));
  return true;
}

void TupleCursor::Seek(uint64_t index) {
  const uint64_t targets = space_.targets_.size();
  target_ = static_cast<uint32_t>(index % targets);
  port_index_ = index / targets % space_.ports_per_source_;
  address_index_ = index / targets / space_.ports_per_source_ % space_.addresses_;
  source_ = space_.SourceAddress(address_index_);
  source_.set_port(space_.SourcePort(port_index_));
}

}  // namespace c1m
