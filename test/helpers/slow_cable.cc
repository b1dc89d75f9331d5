// A cable that takes its time: copies frames between two network devices, each after a delay.
// usage: slow_cable DELAY_MS DEVICE DEVICE
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Frame {
  Clock::time_point due;
  int to;
  std::vector<char> bytes;
};

// A header of virtio before each frame says which checksum is still to be computed.
constexpr size_t kHeader = 10;

int Open(const char* device) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
  const int on = 1;
  const int room = 64 << 20;
  setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on));
  setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(device));
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  perror(device);
  exit(1);
}

bool IsArp(const std::vector<char>& frame) {
  return frame.size() > kHeader + 14 && frame[kHeader + 12] == 0x08 && frame[kHeader + 13] == 0x06;
}

}  // namespace

int main(int, char** argv) {
  const auto delay = std::chrono::milliseconds(atoi(argv[1]));
  std::array<pollfd, 2> ends{pollfd{Open(argv[2]), POLLIN, 0}, pollfd{Open(argv[3]), POLLIN, 0}};
  std::deque<Frame> under_way;
  puts("ready");
  fflush(stdout);
  for (std::vector<char> buffer(1 << 17);;) {
    const auto wait = under_way.empty()
                          ? std::chrono::milliseconds(1000)
                          : std::chrono::ceil<std::chrono::milliseconds>(under_way.front().due - Clock::now());
    poll(ends.data(), ends.size(), std::max<int>(0, static_cast<int>(wait.count())));
    for (size_t i = 0; i < ends.size(); ++i) {
      for (ssize_t size; (size = recv(ends[i].fd, buffer.data(), buffer.size(), 0)) > 0;) {
        Frame frame{Clock::now() + delay, ends[1 - i].fd, {buffer.begin(), buffer.begin() + size}};
        if (IsArp(frame.bytes)) {
          send(frame.to, frame.bytes.data(), frame.bytes.size(), 0);
        } else {
          under_way.push_back(std::move(frame));
        }
      }
    }
    for (; !under_way.empty() && under_way.front().due <= Clock::now(); under_way.pop_front()) {
      send(under_way.front().to, under_way.front().bytes.data(), under_way.front().bytes.size(), 0);
    }
  }
}
