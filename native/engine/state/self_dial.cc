#include "native/engine/state/self_dial.h"

namespace c1m {
namespace {

std::vector<SocketAddress> OwnListeners(const std::vector<SocketAddress>& listening,
                                        uint32_t worker, uint32_t workers) {
  std::vector<SocketAddress> own;
  for (size_t i = worker; i < listening.size(); i += workers) own.push_back(listening[i]);
  return own;
}

}  // namespace

SelfDial::SelfDial(const RunOptions& options, uint32_t worker,
                   const std::vector<SocketAddress>& listening)
    : worker_(worker),
      workers_(options.workers),
      seed_(options.dial->seed),
      only_holds_(!options.dial->churn && !options.dial->exchange),
      space_(options.dial->sources, options.dial->source_ports, options.dial->shard,
             OwnListeners(listening, worker, options.workers), options.dial->churn) {}

uint64_t SelfDial::first_tuple() const {
  const uint64_t size = space_.size();
  return size == 0 ? 0 : (size / workers_ * worker_ + space_.FirstTupleOf(seed_)) % size;
}

}  // namespace c1m
