#include "native/net/next_hop.h"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "native/net/fd.h"

namespace c1m {
namespace {

using Bytes = std::span<const uint8_t>;

Bytes AddressBytes(const SocketAddress& address) {
  const sockaddr* raw = address.raw();
  if (address.family() == AF_INET) {
    return {reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in*>(raw)->sin_addr),
            sizeof(in_addr)};
  }
  return {reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(raw)->sin6_addr),
          sizeof(in6_addr)};
}

// A request for one object: a message of type T, and attributes.
template <typename T>
struct Request {
  nlmsghdr header{};
  T message{};
  std::array<uint8_t, 2 * RTA_SPACE(sizeof(in6_addr))> attributes{};

  explicit Request(uint16_t type) {
    header.nlmsg_len = NLMSG_LENGTH(sizeof(T));
    header.nlmsg_type = type;
    header.nlmsg_flags = NLM_F_REQUEST;
  }

  void Append(uint16_t type, Bytes value) {
    rtattr attribute{};
    attribute.rta_type = type;
    attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(value.size()));
    uint8_t* const end = reinterpret_cast<uint8_t*>(this) + header.nlmsg_len;
    std::memcpy(end, &attribute, sizeof(attribute));
    std::memcpy(end + RTA_LENGTH(0), value.data(), value.size());
    header.nlmsg_len += RTA_SPACE(value.size());
  }
};

class Answer {
 public:
  // Sends a request and takes the one message that answers it.
  template <typename T>
  std::optional<SysError> Ask(int socket, const Request<T>& request) {
    if (::send(socket, &request, request.header.nlmsg_len, 0) < 0) return LastError("send");
    const ssize_t length = ::recv(socket, bytes_.data(), bytes_.size(), 0);
    if (length < 0) return LastError("recv");
    if (!NLMSG_OK(header(), static_cast<size_t>(length))) return SysError{EBADMSG, "rtnetlink"};
    if (header()->nlmsg_type == NLMSG_ERROR) {
      return SysError{-static_cast<const nlmsgerr*>(NLMSG_DATA(header()))->error, "rtnetlink"};
    }
    return std::nullopt;
  }

  template <typename T>
  [[nodiscard]] const T& message() const {
    return *static_cast<const T*>(NLMSG_DATA(header()));
  }

  // The value of an attribute of the route; empty if the route does not have it.
  [[nodiscard]] Bytes Attribute(uint16_t type) const {
    auto left = static_cast<int>(RTM_PAYLOAD(header()));
    for (const rtattr* attribute = RTM_RTA(&message<rtmsg>()); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left)) {
      if (attribute->rta_type != type) continue;
      return {static_cast<const uint8_t*>(RTA_DATA(attribute)), RTA_PAYLOAD(attribute)};
    }
    return {};
  }

 private:
  [[nodiscard]] const nlmsghdr* header() const {
    return reinterpret_cast<const nlmsghdr*>(bytes_.data());
  }

  alignas(nlmsghdr) std::array<uint8_t, 4096> bytes_{};
};

}  // namespace

Result<NextHop> FindNextHop(const SocketAddress& target,
                            const std::optional<SocketAddress>& source) {
  const UniqueFd socket(AboveStdio(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)));
  if (socket.get() < 0) return LastError("socket");
  const auto family = static_cast<uint8_t>(target.family());
  Request<rtmsg> route(RTM_GETROUTE);
  route.message.rtm_family = family;
  route.message.rtm_dst_len = static_cast<uint8_t>(AddressBytes(target).size() * 8);
  route.Append(RTA_DST, AddressBytes(target));
  if (source) {
    route.message.rtm_src_len = static_cast<uint8_t>(AddressBytes(*source).size() * 8);
    route.Append(RTA_SRC, AddressBytes(*source));
  }
  Answer answer;
  if (const auto error = answer.Ask(socket.get(), route)) return *error;
  const Bytes device = answer.Attribute(RTA_OIF);
  uint32_t index = 0;
  if (device.size() != sizeof(index)) return SysError{ENODEV, "rtnetlink"};
  std::memcpy(&index, device.data(), sizeof(index));
  const Bytes gateway = answer.Attribute(RTA_GATEWAY);
  const Bytes hop = gateway.empty() ? AddressBytes(target) : gateway;
  // Copied because the next answer overwrites the memory.
  const std::vector<uint8_t> address(hop.begin(), hop.end());

  std::array<char, IF_NAMESIZE> name{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::if_indextoname(index, name.data()) == nullptr) return LastError("if_indextoname");
  ::inet_ntop(family, address.data(), text.data(), text.size());
  NextHop next{.address = text.data(), .device = name.data()};

  Request<ndmsg> neighbor(RTM_GETNEIGH);
  neighbor.message.ndm_family = family;
  neighbor.message.ndm_ifindex = static_cast<int>(index);
  neighbor.Append(NDA_DST, address);
  if (!answer.Ask(socket.get(), neighbor)) next.state = answer.message<ndmsg>().ndm_state;
  return next;
}

}  // namespace c1m
