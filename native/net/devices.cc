#include "native/net/devices.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "native/net/fd.h"

namespace c1m {
namespace {

// <linux/if.h>, which has IFF_LOWER_UP, does not go together with <net/if.h>.
constexpr unsigned kLowerUp = 1U << 16;

// Where the bytes of an IPv4 or IPv6 address are.
std::span<const uint8_t> AddressBytes(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    return {
        reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr),
        sizeof(in_addr)};
  }
  return {
      reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr),
      sizeof(in6_addr)};
}

std::string WithPrefix(const sockaddr* address, const sockaddr* netmask) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::span<const uint8_t> bytes = AddressBytes(address);
  ::inet_ntop(address->sa_family, bytes.data(), text.data(), text.size());
  int prefix = 0;
  for (const uint8_t byte : AddressBytes(netmask)) prefix += std::popcount(byte);
  return std::string(text.data()) + "/" + std::to_string(prefix);
}

struct RouteRequest {
  nlmsghdr header{};
  rtmsg message{};
  // A target and a source.
  std::array<uint8_t, 2 * RTA_SPACE(sizeof(in6_addr))> attributes{};
};

void Append(RouteRequest& request, uint16_t type, std::span<const uint8_t> value) {
  rtattr attribute{};
  attribute.rta_type = type;
  attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(value.size()));
  uint8_t* const end = reinterpret_cast<uint8_t*>(&request) + request.header.nlmsg_len;
  std::memcpy(end, &attribute, sizeof(attribute));
  std::memcpy(end + RTA_LENGTH(0), value.data(), value.size());
  request.header.nlmsg_len += RTA_SPACE(value.size());
}

Result<std::string> NameOf(uint32_t index) {
  std::array<char, IF_NAMESIZE> name{};
  if (::if_indextoname(index, name.data()) == nullptr) return LastError("if_indextoname");
  return std::string(name.data());
}

}  // namespace

Result<std::vector<Device>> ListDevices() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return LastError("getifaddrs");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, &::freeifaddrs);
  std::vector<Device> devices;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    // An address may bear a label of its own, "eth0:1".
    const std::string_view label = entry->ifa_name;
    const std::string_view name = label.substr(0, label.find(':'));
    auto device = std::ranges::find(devices, name, &Device::name);
    if (device == devices.end()) {
      device = devices.insert(devices.end(), {.name = std::string(name),
                                              .up = (entry->ifa_flags & IFF_UP) != 0,
                                              .carrier = (entry->ifa_flags & kLowerUp) != 0,
                                              .addresses = {}});
    }
    const sockaddr* address = entry->ifa_addr;
    if (address == nullptr || entry->ifa_netmask == nullptr) continue;
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6) continue;
    device->addresses.push_back(WithPrefix(address, entry->ifa_netmask));
  }
  return devices;
}

Result<std::string> RouteDevice(const SocketAddress& target,
                                const std::optional<SocketAddress>& source) {
  const UniqueFd socket(AboveStdio(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)));
  if (socket.get() < 0) return LastError("socket");
  RouteRequest request;
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.message.rtm_family = static_cast<uint8_t>(target.family());
  const std::span<const uint8_t> to = AddressBytes(target.raw());
  request.message.rtm_dst_len = static_cast<uint8_t>(to.size() * 8);
  Append(request, RTA_DST, to);
  if (source) {
    const std::span<const uint8_t> from = AddressBytes(source->raw());
    request.message.rtm_src_len = static_cast<uint8_t>(from.size() * 8);
    Append(request, RTA_SRC, from);
  }
  if (::send(socket.get(), &request, request.header.nlmsg_len, 0) < 0) return LastError("send");

  alignas(nlmsghdr) std::array<uint8_t, 4096> answer{};
  const ssize_t length = ::recv(socket.get(), answer.data(), answer.size(), 0);
  if (length < 0) return LastError("recv");
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (!NLMSG_OK(header, static_cast<size_t>(length))) return SysError{EBADMSG, "rtnetlink"};
  if (header->nlmsg_type == NLMSG_ERROR) {
    return SysError{-static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error, "rtnetlink"};
  }
  auto left = static_cast<int>(RTM_PAYLOAD(header));
  for (const rtattr* attribute = RTM_RTA(static_cast<const rtmsg*>(NLMSG_DATA(header)));
       RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type != RTA_OIF) continue;
    uint32_t index = 0;
    std::memcpy(&index, RTA_DATA(attribute), sizeof(index));
    return NameOf(index);
  }
  return SysError{ENODEV, "rtnetlink"};
}

}  // namespace c1m
