#include "native/engine/talk/echo.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "test/native/helpers/eventually.h"
#include "test/native/helpers/peer.h"

namespace c1m::test {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;
// More than all buffers between both ends hold.
constexpr size_t kMoreThanFits = 2 << 20;

// One connection to an Echo, which serves `pair.ours`.
struct Conversation {
  Pair pair = ConnectedPair();
  Echo echo;
  std::string buffer = std::string(kBufferBytes, '\0');
  uint64_t received_by_echo = 0;
  uint64_t sent_by_echo = 0;

  Conversation() {
    // Small kernel buffers, so that a peer that does not read stalls the echo early.
    const int bytes = 32 * 1024;
    for (const UniqueFd* end : {&pair.ours, &pair.theirs}) {
      ::setsockopt(end->get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
      ::setsockopt(end->get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    }
  }

  Drained Run() {
    const Echo::Turn turn = echo.Run(pair.ours.get(), buffer, kMaybeEnded);
    received_by_echo += turn.input.bytes;
    sent_by_echo += turn.bytes_sent;
    return turn.input;
  }

  // Sends and echoes without reading the answer until neither makes progress; returns the bytes
  // sent.
  size_t Stall(const std::string& bytes) {
    size_t sent = 0;
    for (int still = 0; still < 20;) {
      const uint64_t before = sent + received_by_echo + sent_by_echo;
      sent += SendSome(pair.theirs, bytes.substr(sent, kBufferBytes));
      Run();
      if (sent + received_by_echo + sent_by_echo > before) {
        still = 0;
        continue;
      }
      // Both directions are full unless the kernel is about to move data.
      ++still;
      pollfd waiting{.fd = pair.theirs.get(), .events = POLLOUT, .revents = 0};
      ::poll(&waiting, 1, 5);
    }
    return sent;
  }

  // Runs the echo and reads the answer until it has this many bytes or an error occurs.
  std::string Answer(size_t size) {
    std::string answer;
    const bool done = Eventually([&] {
      const Drained input = Run();
      std::array<char, 4096> part{};
      while (true) {
        const ssize_t got = ::recv(pair.theirs.get(), part.data(), part.size(), 0);
        if (got <= 0) break;
        answer.append(part.data(), static_cast<size_t>(got));
      }
      return answer.size() >= size || input.error != 0;
    });
    return done ? answer : answer + " (no more came)";
  }
};

}  // namespace

TEST_CASE("echo: it returns what it receives") {
  Conversation talk;
  REQUIRE(SendAll(talk.pair.theirs, "hello"));
  REQUIRE(Ready(talk.pair.ours.get(), POLLIN));
  const Drained input = talk.Run();
  CHECK(input.bytes == 5);
  CHECK_FALSE(input.ended);
  CHECK(talk.sent_by_echo == 5);
  CHECK(Receive(talk.pair.theirs, 5) == "hello");
}

TEST_CASE("echo: without data nothing happens") {
  Conversation talk;
  const Drained input = talk.Run();
  CHECK(input.bytes == 0);
  CHECK_FALSE(input.ended);
  CHECK(input.error == 0);
  CHECK(talk.sent_by_echo == 0);
}

TEST_CASE("echo: if a peer stops reading, nothing is lost and little is kept") {
  Conversation talk;
  const std::string bytes = Pattern(kMoreThanFits);
  const size_t sent = talk.Stall(bytes);
  REQUIRE(sent < bytes.size());
  // It reads more only after all it has read before is sent.
  CHECK(talk.received_by_echo > talk.sent_by_echo);
  CHECK(talk.received_by_echo - talk.sent_by_echo <= kBufferBytes);
  const std::string answer = talk.Answer(sent);
  CHECK(answer.size() == sent);
  CHECK((answer == bytes.substr(0, sent)));
  CHECK(talk.sent_by_echo == sent);
}

TEST_CASE("echo: a peer that stalls repeatedly gets every byte in order") {
  Conversation talk;
  const std::string bytes = Pattern(4 * kMoreThanFits);
  std::string answer;
  size_t sent = 0;
  for (int round = 0; round < 4; ++round) {
    sent += talk.Stall(bytes.substr(sent, kMoreThanFits));
    answer += talk.Answer(sent - answer.size());
  }
  CHECK(answer.size() == sent);
  CHECK((answer == bytes.substr(0, sent)));
}

TEST_CASE("echo: the end is reported only after the last byte was sent") {
  Conversation talk;
  const std::string bytes = Pattern(kMoreThanFits);
  const size_t sent = talk.Stall(bytes);
  REQUIRE(::shutdown(talk.pair.theirs.get(), SHUT_WR) == 0);
  CHECK_FALSE(talk.Run().ended);
  const std::string answer = talk.Answer(sent);
  CHECK((answer == bytes.substr(0, sent)));
  CHECK(Eventually([&] { return talk.Run().ended; }));
  CHECK(talk.sent_by_echo == sent);
}

TEST_CASE("echo: a reset is an error whether or not unsent data is kept") {
  for (const bool stalled : {false, true}) {
    CAPTURE(stalled);
    Conversation talk;
    if (stalled) (void)talk.Stall(Pattern(kMoreThanFits));
    Reset(talk.pair.theirs);
    int error = 0;
    CHECK(Eventually([&] { return (error = talk.Run().error) != 0; }));
    CHECK((error == ECONNRESET || error == EPIPE));
  }
}

TEST_CASE("echo: many messages are echoed in turns") {
  Conversation talk;
  talk.buffer.resize(10);
  const std::string bytes = Pattern(1000);
  REQUIRE(SendAll(talk.pair.theirs, bytes));
  REQUIRE(Eventually([&] {
    char none = 0;
    return ::recv(talk.pair.ours.get(), &none, 1, MSG_PEEK) == 1;
  }));
  const Drained first = talk.Run();
  CHECK(first.more);
  CHECK(first.bytes < 1000);
  CHECK(talk.Answer(1000) == bytes);
}

TEST_CASE("echo: unsent data of one connection is not sent on the next") {
  Conversation talk;
  const size_t sent = talk.Stall(Pattern(kMoreThanFits));
  REQUIRE(talk.received_by_echo > talk.sent_by_echo);
  const uint64_t kept = talk.received_by_echo - talk.sent_by_echo;
  talk.echo.Forget(talk.pair.ours.get());
  const std::string answer = talk.Answer(sent - kept);
  CHECK(answer.size() == sent - kept);
}

}  // namespace c1m::test
