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
      only_holds_(!options.dial->churn && !options.dial->exchange),
      space_(options.dial->sources, options.dial->source_ports, options.dial->shard,
             OwnListeners(listening, worker, options.workers), options.dial->churn) {}

}  // namespace c1m
