#include "native/net/address.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "test/native/helpers/loopback.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

std::string Sum(const std::string& address, uint64_t offset) {
  return Address(address).Plus(offset).ToString();
}

uint64_t Count(const std::string& first, const std::string& last) {
  return Address(first).CountTo(Address(last));
}

}  // namespace

TEST_CASE("address: numeric addresses of both families are parsed and formatted") {
  CHECK(Address("127.0.0.1", 80).ToString() == "127.0.0.1:80");
  CHECK(Address("127.0.0.1").family() == AF_INET);
  CHECK(Address("127.0.0.1").size() == sizeof(sockaddr_in));
  CHECK(Address("::1", 65535).ToString() == "[::1]:65535");
  CHECK(Address("2001:DB8:0:0::0:1", 1).ToString() == "[2001:db8::1]:1");
  CHECK(Address("::1").family() == AF_INET6);
  CHECK(Address("::1").size() == sizeof(sockaddr_in6));
}

TEST_CASE("address: names and other text are not addresses") {
  for (const char* text : {"", "localhost", "127.0.0.1:80", "127.0.0", "127.0.0.256", "[::1]",
                           " 127.0.0.1", "127.0.0.1 ", "::1%lo", ":::", "0x7f.0.0.1"}) {
    CAPTURE(text);
    CHECK_FALSE(SocketAddress::Parse(text, 80).has_value());
  }
}

TEST_CASE("address: an address followed by a zero byte is rejected") {
  CHECK_FALSE(SocketAddress::Parse(std::string("127.0.0.1\0.example", 18), 0).has_value());
  CHECK_FALSE(SocketAddress::Parse(std::string("::1\0", 4), 0).has_value());
}

TEST_CASE("address: the port can be changed alone") {
  for (const char* text : {"127.0.0.1", "::1"}) {
    SocketAddress address = Address(text, 0x1234);
    CHECK(address.port() == 0x1234);
    address.set_port(443);
    CHECK(address.port() == 443);
    CHECK(address.CountTo(Address(text)) == 1);
  }
}

TEST_CASE("address: the local address of a socket is the one its peer sees") {
  const Pair pair = ConnectedPair();
  const auto local = SocketAddress::Local(pair.ours.get());
  REQUIRE(local.has_value());
  CHECK(local->ToString() == PeerAddress(pair.theirs).ToString());
}

TEST_CASE("address: a descriptor without a socket has no address") {
  CHECK_FALSE(SocketAddress::Local(-1).has_value());
}

TEST_CASE("address: a sum carries through all places of an IPv4 address") {
  CHECK(Sum("10.0.0.1", 0) == "10.0.0.1:0");
  CHECK(Sum("10.0.0.255", 1) == "10.0.1.0:0");
  CHECK(Sum("10.255.255.255", 1) == "11.0.0.0:0");
  CHECK(Sum("127.0.0.1", 0xFFFFFF) == "128.0.0.0:0");
  CHECK(Sum("255.255.255.255", 1) == "0.0.0.0:0");
}

TEST_CASE("address: a sum carries through all places of an IPv6 address") {
  CHECK(Sum("fd00::ff", 1) == "[fd00::100]:0");
  CHECK(Sum("fd00::ffff:ffff:ffff:ffff", 1) == "[fd00:0:0:1::]:0");
  CHECK(Sum("fd00:0:0:ffff:8000::", uint64_t{1} << 63) == "[fd00:0:1::]:0");
  CHECK(Sum("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1) == "[::]:0");
}

TEST_CASE("address: a sum keeps the port and does not change its operand") {
  const SocketAddress address = Address("fd00::1", 80);
  CHECK(address.Plus(1).ToString() == "[fd00::2]:80");
  CHECK(address.ToString() == "[fd00::1]:80");
}

TEST_CASE("address: a range includes both ends") {
  CHECK(Count("10.0.0.1", "10.0.0.1") == 1);
  CHECK(Count("10.0.0.255", "10.0.1.0") == 2);
  CHECK(Count("0.0.0.0", "255.255.255.255") == uint64_t{1} << 32);
  CHECK(Count("fd00::1", "fd00::1") == 1);
  CHECK(Count("fd00::ffff:ffff:ffff:fffe", "fd00:0:0:1::1") == 4);
}

TEST_CASE("address: a reversed range and a range across families have no addresses") {
  CHECK(Count("10.0.0.2", "10.0.0.1") == 0);
  CHECK(Count("fd00::2", "fd00::1") == 0);
  CHECK(Count("fd00:0:0:1::", "fd00::ffff:ffff:ffff:ffff") == 0);
  CHECK(Count("10.0.0.1", "fd00::1") == 0);
  CHECK(Count("::ffff:10.0.0.1", "10.0.0.1") == 0);
}

TEST_CASE("address: a range too long to count has the largest count") {
  CHECK(Count("fd00::", "fd00::ffff:ffff:ffff:fffe") == kMost);
  CHECK(Count("fd00::", "fd00::ffff:ffff:ffff:ffff") == kMost);
  CHECK(Count("fd00::", "fd00:0:0:1::") == kMost);
  CHECK(Count("fd00::5", "fd00:0:0:1::3") == kMost);
  CHECK(Count("fd00::5", "fd00:0:0:2::3") == kMost);
  CHECK(Count("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == kMost);
}

TEST_CASE("address: Plus and CountTo are inverse") {
  for (const char* text : {"127.3.2.250", "fd00::ffff:ffff:ffff:fff0"}) {
    for (const uint64_t offset : {0U, 1U, 15U, 16U, 255U, 65536U}) {
      CAPTURE(offset);
      CHECK(Address(text).CountTo(Address(text).Plus(offset)) == offset + 1);
    }
  }
}

}  // namespace c1m::test
