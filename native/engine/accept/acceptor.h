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
  // `listeners`: the worker's listening sockets under their numbers in this table's table.
  Acceptor(TableContext& context, std::vector<int> listeners);

  // Registers or leaves the listening sockets as the worker's turn demands. Returns the moment at
  // which it wants to be called again, or Reactor::kForever.
  int64_t TakeTurn(bool accepting);
  // Takes what this table has dialed to its own listeners off their queues, which are not
  // registered meanwhile: an event for each batch, and a wake-up for each connection, are saved.
  void AcceptDialed();
  // Something waits on a listening socket.
  void OnListener(int listener);
  // An event of a descriptor in state kAccepted.
  void OnEvent(int fd, uint32_t events);

  // Whether a connection was ended by its peer since the last call: connections come and go here.
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
  // Whose queue is next when they are taken from in turn.
  size_t next_ = 0;
  bool saw_leaving_ = false;
  // Connections in a row that had sent nothing yet when they were accepted.
  uint32_t silent_ = 0;
  // Until then nothing is accepted, because the system refused.
  int64_t rests_until_ns_ = 0;
};

}  // namespace c1m
