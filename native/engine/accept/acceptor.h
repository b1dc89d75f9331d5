// Accepts connections in batches and does with them what the listen mode says.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "native/engine/state/table_context.h"
#include "native/engine/talk/echo.h"

namespace c1m {

class Acceptor {
 public:
  // `listeners`: the worker's listening sockets under their numbers in this table.
  Acceptor(TableContext& context, std::vector<int> listeners);

  // Registers the listening sockets with epoll, or removes them, depending on whether this table
  // is to accept. Returns the moment at which it is to be called again, or Reactor::kForever.
  int64_t TakeTurn(bool accepting);
  // In a self-dial: accepts what this table has dialed, while the listening sockets are not
  // registered. That saves an event for each batch and a wake-up for each connection.
  void AcceptDialed();
  // Connections wait on a listening socket.
  void OnListener(int listener);
  // An event of a descriptor in state kAccepted.
  void OnEvent(int fd, uint32_t events);

  // Whether a peer has ended a connection since the last call, as where connections are short.
  [[nodiscard]] bool SawLeaving() { return std::exchange(saw_leaving_, false); }

  // The table is full: another table must accept.
  [[nodiscard]] bool full() const { return context_.room() <= 0; }

 private:
  enum class Take : uint8_t { kOne, kNone, kRefused };
  Take TakeOne(int listener);
  void Admit(int fd);
  void Rest(int listener, int error);
  // Reads what has come and does with it what the mode says; false when the connection is over.
  bool Serve(int fd, uint32_t events);
  [[nodiscard]] uint32_t Wanted(int fd) const;
  void Retire(int fd);

  TableContext& context_;
  const ListenOptions& options_;
  const std::vector<int> listeners_;
  Echo echo_;
  bool accepting_ = false;
  // The place in listeners_ of the one that AcceptDialed asks next.
  size_t next_ = 0;
  bool saw_leaving_ = false;
  // Connections in a row that had sent nothing yet when they were accepted.
  uint32_t silent_ = 0;
  // Until then nothing is accepted, because the system refused.
  int64_t rests_until_ns_ = 0;
};

}  // namespace c1m
