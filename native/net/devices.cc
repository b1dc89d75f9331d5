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
#include <utility>

#include "native/net/fd.h"

namespace c1m {
namespace {

// IFF_LOWER_UP; <linux/if.h>, which defines it, conflicts with <net/if.h>.
constexpr unsigned kLowerUp = 1U << 16;

// A device with one of these flags resolves no neighbors: it has none, or does not address them.
constexpr unsigned kAlone = IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT;

// From <linux/rtnetlink.h> of Linux 4.17; older kernels ignore these attributes.
constexpr uint16_t kIpProtocol = 27;
constexpr uint16_t kTargetPort = 29;

// The bytes of an IPv4 or IPv6 address.
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

std::string TextOf(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, address, text.data(), text.size());
  return text.data();
}

std::string WithPrefix(const sockaddr* address, const sockaddr* netmask) {
  int prefix = 0;
  for (const uint8_t byte : AddressBytes(netmask)) prefix += std::popcount(byte);
  return TextOf(address->sa_family, AddressBytes(address).data()) + "/" + std::to_string(prefix);
}

struct RouteRequest {
  nlmsghdr header{};
  rtmsg message{};
  // Room for a target, a source, and five attributes of at most 4 bytes.
  std::array<uint8_t, 2 * RTA_SPACE(sizeof(in6_addr)) + 5 * RTA_SPACE(sizeof(uint32_t))>
      attributes{};
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

template <typename Integer>
void AppendInteger(RouteRequest& request, uint16_t type, Integer value) {
  const auto bytes = std::bit_cast<std::array<uint8_t, sizeof(Integer)>>(value);
  Append(request, type, bytes);
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
    // An address may have its own label, such as "eth0:1".
    const std::string_view label = entry->ifa_name;
    const std::string_view name = label.substr(0, label.find(':'));
    auto device = std::ranges::find(devices, name, &Device::name);
    if (device == devices.end()) {
      device = devices.insert(devices.end(), {.name = std::string(name),
                                              .up = (entry->ifa_flags & IFF_UP) != 0,
                                              .carrier = (entry->ifa_flags & kLowerUp) != 0,
                                              .has_neighbors = (entry->ifa_flags & kAlone) == 0,
                                              .addresses = {}});
    }
    const sockaddr* address = entry->ifa_addr;
    if (address == nullptr || entry->ifa_netmask == nullptr) continue;
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6) continue;
    device->addresses.push_back(WithPrefix(address, entry->ifa_netmask));
  }
  return devices;
}

Result<Route> FindRoute(const RouteQuery& query) {
  const SocketAddress& target = query.target;
  const int family = target.family();
  RouteRequest request;
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.message.rtm_family = static_cast<uint8_t>(family);
  const std::span<const uint8_t> to = AddressBytes(target.raw());
  request.message.rtm_dst_len = static_cast<uint8_t>(to.size() * 8);
  Append(request, RTA_DST, to);
  if (query.source) {
    const std::span<const uint8_t> from = AddressBytes(query.source->raw());
    request.message.rtm_src_len = static_cast<uint8_t>(from.size() * 8);
    Append(request, RTA_SRC, from);
  }
  AppendInteger(request, kIpProtocol, static_cast<uint8_t>(IPPROTO_TCP));
  if (target.port() != 0) AppendInteger(request, kTargetPort, htons(target.port()));
  if (query.mark != 0) AppendInteger(request, RTA_MARK, query.mark);
  if (!query.device.empty()) {
    const unsigned index = ::if_nametoindex(query.device.c_str());
    if (index == 0) return LastError("if_nametoindex");
    AppendInteger(request, RTA_OIF, static_cast<uint32_t>(index));
  }
  const UniqueFd socket(AboveStdio(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)));
  if (socket.get() < 0) return LastError("socket");
  if (::send(socket.get(), &request, request.header.nlmsg_len, 0) < 0) return LastError("send");

  alignas(nlmsghdr) std::array<uint8_t, 4096> answer{};
  const ssize_t length = ::recv(socket.get(), answer.data(), answer.size(), 0);
  if (length < 0) return LastError("recv");
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (!NLMSG_OK(header, static_cast<size_t>(length))) return SysError{EBADMSG, "rtnetlink"};
  if (header->nlmsg_type == NLMSG_ERROR) {
    return SysError{-static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error, "route"};
  }
  Route route;
  uint32_t index = 0;
  auto left = static_cast<int>(RTM_PAYLOAD(header));
  for (const rtattr* attribute = RTM_RTA(static_cast<const rtmsg*>(NLMSG_DATA(header)));
       RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type == RTA_OIF) std::memcpy(&index, RTA_DATA(attribute), sizeof(index));
    if (attribute->rta_type == RTA_PREFSRC) route.source = TextOf(family, RTA_DATA(attribute));
  }
  // Special routes, such as blackhole routes, have no device.
  if (index == 0) return SysError{EINVAL, "route"};
  auto name = NameOf(index);
  if (!name.ok()) return name.error();
  route.device = std::move(name.value());
  return route;
}

}  // namespace c1m
