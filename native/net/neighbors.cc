#include "native/net/neighbors.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "native/net/fd.h"

namespace c1m {
namespace {

struct DumpRequest {
  nlmsghdr header{};
  ndtmsg message{};
};

template <typename T>
std::optional<T> Value(const rtattr* attribute) {
  T value{};
  if (RTA_PAYLOAD(attribute) < sizeof(value)) return std::nullopt;
  std::memcpy(&value, RTA_DATA(attribute), sizeof(value));
  return value;
}

// nullopt for a message about a single device: those have neither figures nor a limit.
std::optional<NeighborTable> TableIn(const nlmsghdr* header) {
  const auto* message = static_cast<const ndtmsg*>(NLMSG_DATA(header));
  std::optional<uint32_t> most;
  std::optional<ndt_config> config;
  std::optional<ndt_stats> stats;
  auto left = static_cast<int>(header->nlmsg_len - NLMSG_LENGTH(sizeof(ndtmsg)));
  const auto* attribute = reinterpret_cast<const rtattr*>(
      static_cast<const uint8_t*>(NLMSG_DATA(header)) + NLMSG_ALIGN(sizeof(ndtmsg)));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type == NDTA_THRESH3) most = Value<uint32_t>(attribute);
    if (attribute->rta_type == NDTA_CONFIG) config = Value<ndt_config>(attribute);
    if (attribute->rta_type == NDTA_STATS) stats = Value<ndt_stats>(attribute);
  }
  if (!most || !config || !stats) return std::nullopt;
  return NeighborTable{.family = message->ndtm_family,
                       .entries = config->ndtc_entries,
                       .most = *most,
                       .fulls = stats->ndts_table_fulls};
}

}  // namespace

Result<std::vector<NeighborTable>> ReadNeighborTables() {
  const UniqueFd socket(AboveStdio(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)));
  if (socket.get() < 0) return LastError("socket");
  DumpRequest request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETNEIGHTBL;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.message.ndtm_family = AF_UNSPEC;
  if (::send(socket.get(), &request, sizeof(request), 0) < 0) return LastError("send");

  std::vector<NeighborTable> tables;
  // The kernel fills at most a page, or up to 32 KiB if the buffer has room for it.
  alignas(nlmsghdr) std::array<uint8_t, 32768> answer{};
  for (;;) {
    const ssize_t length = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (length < 0) return LastError("recv");
    auto left = static_cast<size_t>(length);
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (!NLMSG_OK(header, left)) return SysError{EBADMSG, "rtnetlink"};
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) return tables;
      if (header->nlmsg_type == NLMSG_ERROR) {
        return SysError{-static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error, "rtnetlink"};
      }
      if (header->nlmsg_type != RTM_NEWNEIGHTBL ||
          header->nlmsg_len < NLMSG_LENGTH(sizeof(ndtmsg))) {
        continue;
      }
      const std::optional<NeighborTable> table = TableIn(header);
      if (table && (table->family == AF_INET || table->family == AF_INET6)) {
        tables.push_back(*table);
      }
    }
  }
}

}  // namespace c1m
