#include "native/engine/measure/early_ends.h"

#include <utility>

namespace c1m {

const char* EndCauseName(EndCause cause) {
  switch (cause) {
#define C1M_NAME(name, label) \
  case EndCause::name:        \
    return label;
    C1M_END_CAUSES(C1M_NAME)
#undef C1M_NAME
  }
  return "";
}

void EarlyEnds::Add(Kept& kept, const EarlyEnd& end) {
  Entry& entry = kept.entry;
  ++entry.count;
  entry.first += end.first ? 1 : 0;
  entry.partial += end.partial ? 1 : 0;
  entry.unheard += end.info.bytes_received == 0 ? 1 : 0;
  entry.resent += end.resent;
  kept.quiet->Record(end.quiet_ns);
}

std::vector<EarlyEnds::Entry> EarlyEnds::entries() const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  for (const Kept& kept : kept_) {
    entries.push_back(kept.entry);
    entries.back().quiet = kept.quiet->Summarize();
  }
  return entries;
}

void WrongAnswer::Take(Sample sample) {
  const std::lock_guard lock(mutex_);
  if (!sample_) sample_ = std::move(sample);
  taken_.store(true, std::memory_order_relaxed);
}

std::optional<WrongAnswer::Sample> WrongAnswer::sample() const {
  const std::lock_guard lock(mutex_);
  return sample_;
}

}  // namespace c1m
