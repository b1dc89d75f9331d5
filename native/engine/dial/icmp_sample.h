// Which hosts reject the SYNs of a table by ICMP, asked of some of its sockets.
//
// IPv4 sockets keep what ICMP told them, and it is read when their handshake fails. Of IPv6 ones
// the kernel must be asked to keep it beforehand: of the first few, and, once a handshake fails, of
// those still under way, whose SYNs are repeated. All others cost nothing.
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

  // Whether sockets about to be connected are to be shown to Watch.
  [[nodiscard]] bool wants() const { return to_watch_ > 0; }
  void Watch(const std::vector<SourceSocket>& sockets);
  // A handshake failed with `code`: reads why, while its socket is open, and forgets the socket.
  void OnFailure(const Handshake& handshake, int code, const Handshakes& underway);
  // Stops watching sockets that are established; to be called once a turn while any is watched.
  void Release();
  [[nodiscard]] bool watching() const { return !watched_.empty(); }

 private:
  void Watch(int fd);
  void WatchThose(const Handshakes& underway);
  [[nodiscard]] std::string Target(uint32_t target) const;

  // Sockets watched from their first SYN on.
  static constexpr uint32_t kFirst = 16;
  // Those watched once handshakes fail: many, because a host sends few ICMP messages a second, and
  // which of the repeated SYNs get one is chance.
  static constexpr uint32_t kLater = 1024;
  // Failed handshakes read.
  static constexpr uint32_t kReads = 4096;

  TableContext& context_;
  uint32_t to_watch_ = kFirst;
  uint32_t to_watch_later_ = kLater;
  uint32_t reads_ = kReads;
  std::vector<int> watched_;
};

}  // namespace c1m
