#include "native/engine/dial/source_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "native/net/socket.h"

namespace c1m {
namespace {

bool SameEndpoint(const SocketAddress& a, const SocketAddress& b) {
  return a.port() == b.port() && a.family() == b.family() && a.CountTo(b) == 1;
}

}  // namespace

void SourceSockets::Open(SourceSocket& socket) const {
  const int family = socket.source.family();
  const auto opened = OpenStream(family);
  int error = opened.ok() ? 0 : opened.error().code;
  if (opened.ok() && opened.value() >= context_.connections.capacity()) error = EMFILE;
  if (error == 0) {
    error = SetOptions(opened.value(), family, context_.run.options.dial->socket_options);
  }
  if (error == 0) {
    socket.fd = opened.value();
    return;
  }
  socket.phase = Phase::kSocket;
  socket.error = error;
  if (opened.ok()) ::close(opened.value());
}

void SourceSockets::Prepare(uint64_t count) {
  Discard();
  while (prepared_.size() < count && Step(count - prepared_.size())) prepared_.push_back(Here());
  for (SourceSocket& socket : prepared_) Open(socket);
  for (const SourceSocket& socket : prepared_) {
    if (socket.fd >= 0) AllowAddressReuse(socket.fd);
  }
  for (SourceSocket& socket : prepared_) {
    if (socket.fd >= 0) Bind(socket);
  }
}

SourceSocket SourceSockets::Take(uint64_t wanted) {
  while (next_ < prepared_.size()) {
    const SourceSocket socket = prepared_[next_++];
    if (socket.fd >= 0 || socket.error != 0) return socket;
  }
  // An endless space would search forever if every port in it were in use.
  const uint64_t most = context_.worker.cursor->space().size();
  for (uint64_t tried = 0; tried < most && Step(wanted); ++tried) {
    SourceSocket socket = Here();
    Open(socket);
    if (socket.fd >= 0) {
      AllowAddressReuse(socket.fd);
      Bind(socket);
    }
    if (socket.fd >= 0 || socket.error != 0) return socket;
  }
  context_.run.tuples_used_up.store(true);
  SourceSocket none = Here();
  none.phase = Phase::kBind;
  none.error = EADDRNOTAVAIL;
  return none;
}

bool SourceSockets::Step(uint64_t wanted) {
  TupleCursor& cursor = *context_.worker.cursor;
  const uint64_t most = cursor.space().size();
  for (uint64_t tried = 0; tried < most && cursor.Advance(wanted); ++tried) {
    // A socket bound to its own destination would connect to itself.
    if (!SameEndpoint(cursor.source(), cursor.target())) return true;
    context_.counters.skipped_ports.Add();
  }
  return false;
}

SourceSocket SourceSockets::Here() const {
  const TupleCursor& cursor = *context_.worker.cursor;
  return {.source = cursor.source(), .target = cursor.target_index()};
}

void SourceSockets::Bind(SourceSocket& socket) {
  if (::bind(socket.fd, socket.source.raw(), socket.source.size()) == 0) return;
  const int error = errno;
  ::close(socket.fd);
  socket.fd = -1;
  if (error == EADDRINUSE) {
    context_.counters.skipped_ports.Add();
  } else {
    socket.phase = Phase::kBind;
    socket.error = error;
  }
}

void SourceSockets::Discard() {
  for (; next_ < prepared_.size(); ++next_) {
    if (prepared_[next_].fd >= 0) ::close(prepared_[next_].fd);
  }
  prepared_.clear();
  next_ = 0;
}

}  // namespace c1m
