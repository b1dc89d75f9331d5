#include "native/net/drop_monitor.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "native/net/tracefs.h"
#include "test/native/helpers/eventually.h"
#include "test/native/helpers/loopback.h"
#include "test/native/helpers/peer.h"
#include "test/native/helpers/process.h"

namespace c1m::test {
namespace {

const std::string kFormat = "events/skb/kfree_skb/format";

// The offset of the field whose name ends in `name`; lib/host has the complete parser of this
// format.
uint32_t OffsetOf(const std::string& format, const std::string& name) {
  const size_t at = format.find(" " + name + ";\toffset:");
  REQUIRE(at != std::string::npos);
  return static_cast<uint32_t>(std::stoul(format.substr(at + name.size() + 10)));
}

uint32_t NumberOf(const std::string& format, const std::string& reason) {
  const size_t at = format.find(", \"" + reason + "\" }");
  REQUIRE(at != std::string::npos);
  return static_cast<uint32_t>(std::stoul(format.substr(format.rfind('{', at) + 1)));
}

// How often the host dropped a packet for this reason.
uint64_t Drops(const DropMonitor& monitor, uint32_t reason) {
  uint64_t drops = 0;
  for (const DropMonitor::Count& count : monitor.Read().counts) {
    CHECK(count.site.reason == reason);
    CHECK(count.site.frames[0] != 0);
    drops += count.drops;
  }
  return drops;
}

// A SYN to a port without a listener is dropped with the reason NO_SOCKET.
void Knock() {
  const UniqueFd socket = Connected(UniqueLoopback(9));
  CHECK_FALSE(socket.valid());
}

}  // namespace

TEST_CASE("tracefs: a file is read without leaving a mount") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  const auto text = ReadTracefs(kFormat);
  REQUIRE(text.ok());
  CHECK(text.value().find("name: kfree_skb") == 0);
  const auto missing = ReadTracefs("events/skb/no_such_event/format");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == ENOENT);
  CHECK(std::string(missing.error().syscall) == "openat");
}

TEST_CASE("tracefs: without privilege it fails with EPERM") {
  CHECK(InChild([] {
          if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;
          const auto text = ReadTracefs(kFormat);
          return !text.ok() && (text.error().code == EPERM || text.error().code == ENOSYS) ? 0 : 2;
        }) == 0);
}

TEST_CASE("drop_monitor: the tracepoint counts drops of one reason with their call chain") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  const std::string format = ReadTracefs(kFormat).value();
  const uint32_t no_socket = NumberOf(format, "NO_SOCKET");
  auto started = DropMonitor::Start(
      DropTracepoint{.id = std::stoull(ReadTracefs("events/skb/kfree_skb/id").value()),
                     .filter = "reason == " + std::to_string(no_socket),
                     .location_offset = OffsetOf(format, "location"),
                     .reason_offset = OffsetOf(format, "reason"),
                     .reason_bytes = 4});
  REQUIRE(started.ok());
  const auto monitor = std::move(started.value());
  for (int i = 0; i < 3; ++i) Knock();
  CHECK(Eventually([&] { return Drops(*monitor, no_socket) >= 3; }));
  CHECK(monitor->Read().lost == 0);
}

TEST_CASE("drop_monitor: an invalid filter is refused, and the error names the call") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  const auto refused = DropMonitor::Start(DropTracepoint{
      .id = std::stoull(ReadTracefs("events/skb/kfree_skb/id").value()), .filter = "cause == 1"});
  REQUIRE_FALSE(refused.ok());
  CHECK(std::string(refused.error().syscall) == "PERF_EVENT_IOC_SET_FILTER");
  CHECK(refused.error().code == EINVAL);
}

TEST_CASE("drop_monitor: more ends than the maximum are refused") {
  DropFilter filter;
  filter.ends.resize(kMaxDropEnds + 1);
  const auto refused = DropMonitor::Start(filter);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == E2BIG);
}

}  // namespace c1m::test
