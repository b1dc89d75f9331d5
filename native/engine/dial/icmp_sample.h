// Samples which hosts reject the SYNs of a table by ICMP.
//
// The kernel queues the ICMP errors of IPv4 sockets by itself; they are read when the handshake
// fails. For IPv6 sockets this must be turned on first: it is on for the first few sockets and,
// after a handshake has failed, for pending ones, whose SYNs are repeated. Other sockets cost
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/engine/dial/handshakes.h"
#include "native/engine/dial/source_socket.h"
#include "native/engine/state/table_context.h"

namespace c1m {

class IcmpSample {
 public:
  explicit IcmpSample(TableContext& context) : context_(context) {}

  // Whether to call Watch with the sockets that are about to connect.
  [[nodiscard]] bool wants() const { return to_watch_ > 0; }
  void Watch(const std::vector<SourceSocket>& sockets);
  // Called when a handshake has failed with `code`, before its socket is closed: reads the ICMP
  // error and forgets the socket.
  void OnFailure(const Handshake& handshake, int code, const Handshakes& pending);
  // Stops watching established sockets; must be called once per turn while any socket is watched.
  void Release();
  [[nodiscard]] bool watching() const { return !watched_.empty(); }

 private:
  void Watch(int fd);
  void WatchPending(const Handshakes& pending);
  [[nodiscard]] std::string Target(uint32_t target) const;

  // The number of sockets watched from their first SYN on.
  static constexpr uint32_t kFirst = 16;
  // The number of sockets watched once handshakes fail. It is large because a host sends few ICMP
  // messages per second, and it is chance which of the repeated SYNs cause one.
  static constexpr uint32_t kLater = 1024;
  // The number of failed handshakes whose error queue is read.
  static constexpr uint32_t kReads = 4096;

  TableContext& context_;
  uint32_t to_watch_ = kFirst;
  uint32_t to_watch_later_ = kLater;
  uint32_t reads_ = kReads;
  std::vector<int> watched_;
};

}  // namespace c1m
