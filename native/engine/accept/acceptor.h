// Accepts connections in batches and serves them as the listen mode says.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "native/engine/state/table_context.h"
#include "native/engine/talk/echo.h"

namespace c1m {

class Acceptor {
 public:
  // `listeners`: the worker's listening sockets, as numbered in this table.
  Acceptor(TableContext& context, std::vector<int> listeners);

  // Registers the listening sockets with epoll, or removes them, depending on whether this table is
  // to accept. Returns when it must be called again, or Reactor::kForever.
  int64_t TakeTurn(bool accepting);
  // In a self-dial: accepts the connections that this table has dialed, while its listening sockets
  // are not registered. That saves an event per batch and a wake-up per connection.
  void AcceptDialed();
  // Called when connections wait on a listening socket.
  void OnListener(int listener);
  // Called for an event of a descriptor in state kAccepted.
  void OnEvent(int fd, uint32_t events);

  // Whether a peer has closed a connection since the last call, as with short connections.
  [[nodiscard]] bool SawClose() { return std::exchange(saw_close_, false); }

  // The table is full: another table must accept.
  [[nodiscard]] bool full() const { return context_.room() <= 0; }

 private:
  enum class Take : uint8_t { kOne, kNone, kRefused };
  Take TakeOne(int listener);
  void Admit(int fd);
  void Pause(int listener, int error);
  // Reads what has arrived and handles it as the mode says; false if the connection has ended.
  bool Serve(int fd, uint32_t events);
  [[nodiscard]] uint32_t Wanted(int fd) const;
  void Retire(int fd);

  TableContext& context_;
  const ListenOptions& options_;
  const std::vector<int> listeners_;
  Echo echo_;
  bool accepting_ = false;
  // Index in listeners_ of the socket from which AcceptDialed accepts next.
  size_t next_ = 0;
  bool saw_close_ = false;
  // Consecutive connections that had sent nothing when they were accepted.
  uint32_t silent_ = 0;
  // Accepting is paused until then, after an error of the system.
  int64_t paused_until_ns_ = 0;
};

}  // namespace c1m
