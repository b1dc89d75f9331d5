// The yardstick of `c1m-native dial --churn` and of its listener: the same work in bare C, as fast
// as we can make it.
//
//   bare_churn serve THREADS
//   bare_churn dial PORT THREADS FLOWS BYTES MILLISECONDS
//
// `serve` is a plain epoll echo server: prints {"port":N}, and ends with its stdin. `dial` keeps
// FLOWS connections to 127.0.0.1 busy for so long: connect, send one byte and wait for the answer
// (BYTES 1) or not (BYTES 0), close with RST, replace; then prints one line of JSON.
//
// The work is that of the engine: private descriptor tables, bind to a chosen port with
// SO_REUSEADDR, see the handshake end, one epoll registration a connection. What the engine does
// besides (latency histograms, errors as values, pacing, timeouts, matching the answer) is left
// out. docs/benchmarks.md tells which variants were tried. Any failure ends the program: a
// yardstick has no errors to count.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
  FIRST_PORT = 1024,
  PORTS = 65536 - FIRST_PORT,
  FIRST_SOURCE = 0x7f000101,  // 127.0.1.1; each thread has a source address of its own
  MOST_THREADS = 64,
  BATCH = 64,  // connections opened, or taken, between two looks at events
  EVENTS = 256,
};

#define EAGER_SECONDS 50e-6

struct client {
  int index, flows;
  unsigned next;  // tuples used so far
  unsigned long transactions;
} __attribute__((aligned(64)));

static struct client clients[MOST_THREADS];
static int listeners[MOST_THREADS];
static int first_fd = 3, bytes;
static double ends;
static struct sockaddr_in target;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// As the engine's threads: a descriptor table of its own, and no preemption of what wakes it.
static int enter(void) {
  const struct sched_param no_priority = {0};
  sched_setscheduler(0, SCHED_BATCH, &no_priority);
  if (syscall(SYS_close_range, first_fd, ~0U, CLOSE_RANGE_UNSHARE) != 0) die("close_range");
  return epoll_create1(0);
}

static void watch(int epoll, int operation, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

// Looks for a while before it sleeps: to wake a thread takes the CPU of the one it waits for.
static int await(int epoll, struct epoll_event *events) {
  const double until = now() + EAGER_SECONDS;
  do {
    const int count = epoll_wait(epoll, events, EVENTS, 0);
    if (count != 0) return count;
    sched_yield();
  } while (now() < until);
  return epoll_wait(epoll, events, EVENTS, -1);
}

static void reset(int fd) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

static int connect_next(struct client *client) {
  const int on = 1;
  struct sockaddr_in source = {.sin_family = AF_INET};
  source.sin_addr.s_addr = htonl(FIRST_SOURCE + (unsigned)client->index);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  do {
    source.sin_port = htons((uint16_t)(FIRST_PORT + client->next++ % PORTS));
    errno = 0;
  } while (bind(fd, (struct sockaddr *)&source, sizeof source) != 0 && errno == EADDRINUSE);
  if (errno != 0) die("bind");
  if (connect(fd, (struct sockaddr *)&target, sizeof target) != 0 && errno != EINPROGRESS) {
    die("connect");
  }
  return fd;
}

// Over loopback the handshake is usually over when connect() returns: sending at once shows it.
static void ask(int epoll, int fd) {
  const bool sent = send(fd, "A", 1, MSG_NOSIGNAL) == 1;
  if (!sent && errno != EAGAIN) die("send");
  watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET | (sent ? 0 : EPOLLOUT));
}

// True when the connection is done with.
static bool hear(int epoll, const struct epoll_event *event) {
  char answer;
  if (event->events & EPOLLIN) {
    if (recv(event->data.fd, &answer, 1, 0) != 1) die("recv");
    reset(event->data.fd);
    return true;
  }
  if (send(event->data.fd, "A", 1, MSG_NOSIGNAL) != 1) die("send");
  watch(epoll, EPOLL_CTL_MOD, event->data.fd, EPOLLIN | EPOLLET);
  return false;
}

static void *dial(void *argument) {
  struct client *client = argument;
  struct epoll_event events[EVENTS];
  const int epoll = enter();
  int open = 0;
  while (now() < ends) {
    for (int i = 0; i < BATCH && open < client->flows; i++) {
      const int fd = connect_next(client);
      if (bytes > 0) {
        ask(epoll, fd);
        open++;
      } else {
        struct pollfd connected = {.fd = fd, .events = POLLOUT};
        if (poll(&connected, 1, -1) != 1 || connected.revents != POLLOUT) die("poll");
        reset(fd);
        client->transactions++;
      }
    }
    if (open == 0) continue;
    const int count =
        open < client->flows ? epoll_wait(epoll, events, EVENTS, 0) : await(epoll, events);
    for (int i = 0; i < count; i++) {
      if (!hear(epoll, &events[i])) continue;
      open--;
      client->transactions++;
    }
  }
  return NULL;
}

// Sends back what has arrived; false when the peer has ended the connection.
static bool echo(int fd, char *buffer, size_t size) {
  const ssize_t got = recv(fd, buffer, size, 0);
  if (got > 0) return send(fd, buffer, (size_t)got, MSG_NOSIGNAL) == got;
  return got < 0 && errno == EAGAIN;
}

// A request that is already there is answered before its connection is registered: an event less.
static void *serve(void *argument) {
  const int listener = *(int *)argument, epoll = enter();
  struct epoll_event events[EVENTS];
  char buffer[65536];
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN);
  for (;;) {
    const int count = await(epoll, events);
    for (int i = 0; i < count; i++) {
      const int fd = events[i].data.fd;
      if (fd != listener) {
        if (!echo(fd, buffer, sizeof buffer)) close(fd);
        continue;
      }
      for (int taken = 0; taken < EVENTS; taken++) {
        const int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (accepted < 0) break;
        if (echo(accepted, buffer, sizeof buffer)) {
          watch(epoll, EPOLL_CTL_ADD, accepted, EPOLLIN);
        } else {
          close(accepted);
        }
      }
    }
  }
  return NULL;
}

static int listen_beside(void) {
  const int on = 1;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  socklen_t size = sizeof target;
  if (fd < 0 || bind(fd, (struct sockaddr *)&target, size) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, (struct sockaddr *)&target, &size) != 0) {
    die("listen");
  }
  return fd;
}

static int argument(int argc, char **argv, int index, int least, int most) {
  const int value = index < argc ? atoi(argv[index]) : -1;
  if (value >= least && value <= most) return value;
  fprintf(stderr, "bare_churn: argument %d is %d to %d\n", index, least, most);
  exit(2);
}

static int serve_all(int threads) {
  pthread_t thread;
  for (int i = 0; i < threads; i++) listeners[i] = listen_beside();
  first_fd = listeners[threads - 1] + 1;
  for (int i = 0; i < threads; i++) pthread_create(&thread, NULL, serve, &listeners[i]);
  printf("{\"port\":%d}\n", ntohs(target.sin_port));
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}

static int dial_all(int threads, int flows, double seconds) {
  pthread_t running[MOST_THREADS];
  const double started = now();
  ends = started + seconds;
  for (int i = 0; i < threads; i++) {
    clients[i].index = i;
    clients[i].flows = flows / threads + (i < flows % threads);
    pthread_create(&running[i], NULL, dial, &clients[i]);
  }
  unsigned long transactions = 0;
  for (int i = 0; i < threads; i++) {
    pthread_join(running[i], NULL);
    transactions += clients[i].transactions;
  }
  const double took = now() - started;
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  const double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
  printf("{\"transactions\":%lu,\"transactionsPerSecond\":%.0f,\"cpuSeconds\":%.3f}\n",
         transactions, (double)transactions / took, cpu);
  return 0;
}

int main(int argc, char **argv) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  target = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (argc > 1 && strcmp(argv[1], "serve") == 0) {
    return serve_all(argument(argc, argv, 2, 1, MOST_THREADS));
  }
  if (argc > 1 && strcmp(argv[1], "dial") == 0) {
    target.sin_port = htons((uint16_t)argument(argc, argv, 2, 1, 65535));
    const int threads = argument(argc, argv, 3, 1, MOST_THREADS);
    const int flows = argument(argc, argv, 4, threads, 1 << 14);
    bytes = argument(argc, argv, 5, 0, 1);
    return dial_all(threads, flows, argument(argc, argv, 6, 1, 3600 * 1000) * 1e-3);
  }
  fprintf(stderr, "usage: bare_churn serve THREADS | dial PORT THREADS FLOWS BYTES MILLISECONDS\n");
  return 2;
}
