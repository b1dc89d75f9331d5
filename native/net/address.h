// IPv4 and IPv6 socket addresses as values.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace c1m {

class SocketAddress {
 public:
  SocketAddress() = default;

  // Parses a numeric address ("127.0.0.1", "::1"); nullopt for a name or any other text.
  static std::optional<SocketAddress> Parse(const std::string& numeric, uint16_t port);
  // The local address of a socket.
  static std::optional<SocketAddress> Local(int fd);

  [[nodiscard]] int family() const { return any_.sa_family; }
  // Whether it is `::`.
  [[nodiscard]] bool is_any_v6() const {
    return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6_.sin6_addr);
  }
  [[nodiscard]] uint16_t port() const;
  void set_port(uint16_t port);
  // The address `offset` places higher (IPv6 carries through all 128 bits).
  [[nodiscard]] SocketAddress Plus(uint64_t offset) const;
  // Number of addresses from this one to `last`, both included; 0 if the families differ or `last`
  // is lower.
  [[nodiscard]] uint64_t CountTo(const SocketAddress& last) const;

  [[nodiscard]] const sockaddr* raw() const { return &any_; }
  [[nodiscard]] socklen_t size() const {
    return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  }
  // The 16 bytes of the address in network order; IPv4 is mapped into IPv6 (::ffff:a.b.c.d).
  [[nodiscard]] std::array<uint8_t, 16> Mapped() const;
  // "127.0.0.1:80", "[::1]:80"
  [[nodiscard]] std::string ToString() const;

 private:
  union {
    sockaddr any_;
    sockaddr_in v4_;
    sockaddr_in6 v6_{};
  };
};

}  // namespace c1m
