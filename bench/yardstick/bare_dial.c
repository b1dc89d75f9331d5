// The yardstick of `c1m-native dial` without a target: the same work in bare C, as fast as we can
// make it.
//
//   bare_dial CONNECTIONS [WORKERS [BATCH]]
//
// Opens that many loopback connections with both ends in this process, closes them all with RST (so
// that no TIME_WAIT bends the next run) and prints one line of JSON. The work is that of the
// engine: private descriptor tables, one worker per CPU whose thread dials the worker's own listeners,
// bind to a chosen port with SO_REUSEADDR, connect without blocking, see every handshake end,
// accept, hold. What the engine does besides (latency histogram, errors as values, pacing,
// timeouts, strangers' ports) is left out: the distance between the two is what that costs.
//
// docs/benchmarks.md tells which variants were tried. Any failure ends the program: a yardstick has
// no errors to count.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
  FIRST_PORT = 1024,
  PORTS = 65536 - FIRST_PORT,
  FIRST_SOURCE = 0x7f000101,  // 127.0.1.1; each worker has source addresses of its own
  MOST_WORKERS = 64,
  MOST_BATCH = 1024,
  SPARE_DESCRIPTORS = 8,
  LISTENERS = 4,  // of a worker; a local (address, port) dials each: a quarter of the bind buckets
  TENTHS = 10,    // it is also told when each tenth of the connections stood
};

struct worker {
  int index;
  int listeners[LISTENERS];
  struct sockaddr_in targets[LISTENERS];
  unsigned next;  // tuples used so far
} __attribute__((aligned(64)));

static struct worker workers[MOST_WORKERS];
static int connections, worker_count, batch = 64, table_size;
static double started, stood[TENTHS], ended;
static atomic_int unclaimed, established, workers_at_work;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_stand = PTHREAD_COND_INITIALIZER;
static bool closing;
static pthread_t threads[1 << 16];
static atomic_int thread_count;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Passes over the ports that strangers hold; returns which listener is to be dialed.
static int bind_next(struct worker *worker, int fd) {
  struct sockaddr_in source = {.sin_family = AF_INET};
  for (;;) {
    unsigned tuple = worker->next++, pair = tuple / LISTENERS;
    unsigned address = pair / PORTS * (unsigned)worker_count + (unsigned)worker->index;
    source.sin_addr.s_addr = htonl(FIRST_SOURCE + address);
    source.sin_port = htons((uint16_t)(FIRST_PORT + pair % PORTS));
    if (bind(fd, (struct sockaddr *)&source, sizeof source) == 0) return (int)(tuple % LISTENERS);
    if (errno != EADDRINUSE) die("bind");
  }
}

// Every step is taken for the whole batch before the next one: the kernel's code for it stays in
// the CPU's instruction cache.
static void dial(struct worker *worker, struct pollfd *dialed, int *to, int count) {
  const int on = 1;
  for (int i = 0; i < count; i++) {
    dialed[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    dialed[i].events = POLLOUT;
    if (dialed[i].fd < 0) die("socket");
  }
  for (int i = 0; i < count; i++) {
    setsockopt(dialed[i].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  for (int i = 0; i < count; i++) to[i] = bind_next(worker, dialed[i].fd);
  for (int i = 0; i < count; i++) {
    const struct sockaddr_in *target = &worker->targets[to[i]];
    if (connect(dialed[i].fd, (struct sockaddr *)target, sizeof *target) != 0 &&
        errno != EINPROGRESS) {
      die("connect");
    }
  }
}

// Over loopback a handshake is usually over when connect() returns; the others are waited for.
static void see_established(struct pollfd *waiting, int count) {
  while (count > 0) {
    if (poll(waiting, (nfds_t)count, -1) < 0) die("poll");
    int left = 0;
    for (int i = 0; i < count; i++) {
      if (waiting[i].revents == 0) {
        waiting[left++] = waiting[i];
      } else if (waiting[i].revents != POLLOUT) {
        fprintf(stderr, "a handshake failed\n");
        exit(1);
      }
    }
    count = left;
  }
}

static void accept_all(const struct worker *worker, const int *to, int count) {
  for (int i = 0; i < count; i++) {
    const int listener = worker->listeners[to[i]];
    while (accept4(listener, NULL, NULL, SOCK_NONBLOCK) < 0) {
      if (errno != EAGAIN) die("accept4");
      struct pollfd more = {.fd = listener, .events = POLLIN};
      poll(&more, 1, -1);
    }
  }
}

// Claims work from what is left for all workers.
static int claim(int most) {
  int left = atomic_fetch_sub(&unclaimed, most);
  return left < most ? left : most;
}

static void count_established(int count) {
  int before = atomic_fetch_add(&established, count), after = before + count;
  for (int i = 0; i < TENTHS; i++) {
    const int mark = (int)((long)connections * (i + 1) / TENTHS);
    if (before < mark && after >= mark) stood[i] = now();
  }
}

static void start_thread(struct worker *worker);

// One descriptor table: the part of a worker's work that RLIMIT_NOFILE lets one table hold.
static void *serve(void *argument) {
  struct worker *worker = argument;
  const int first = workers[worker_count - 1].listeners[LISTENERS - 1] + 1;
  if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_UNSHARE) != 0) die("close_range");

  struct pollfd dialed[MOST_BATCH];
  int to[MOST_BATCH];
  int room = (table_size - first - SPARE_DESCRIPTORS) / 2, count = 0;
  errno = EMFILE;
  if (room <= 0) die("RLIMIT_NOFILE");
  while (room > 0 && (count = claim(batch < room ? batch : room)) > 0) {
    dial(worker, dialed, to, count);
    see_established(dialed, count);
    accept_all(worker, to, count);
    count_established(count);
    room -= count;
  }

  pthread_mutex_lock(&lock);
  if (room == 0 && atomic_load(&unclaimed) > 0) {
    start_thread(worker);
  } else if (atomic_fetch_sub(&workers_at_work, 1) == 1) {
    ended = now();
    closing = true;
    pthread_cond_broadcast(&all_stand);
  }
  while (!closing) pthread_cond_wait(&all_stand, &lock);
  pthread_mutex_unlock(&lock);

  const struct linger reset = {.l_onoff = 1, .l_linger = 0};
  for (int fd = first; fd < table_size; fd++) {
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0) close(fd);
  }
  return NULL;
}

static void start_thread(struct worker *worker) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  errno = pthread_create(&threads[thread_count++], &small, serve, worker);
  if (errno != 0) die("pthread_create");
}

static void listen_for(struct worker *worker) {
  for (int i = 0; i < LISTENERS; i++) {
    struct sockaddr_in *target = &worker->targets[i];
    *target =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof *target;
    int fd = worker->listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)target, size) != 0 || listen(fd, 65535) != 0 ||
        getsockname(fd, (struct sockaddr *)target, &size) != 0) {
      die("listen");
    }
  }
}

static int argument(int argc, char **argv, int index, int most, int otherwise) {
  if (argc <= index) return otherwise;
  int value = atoi(argv[index]);
  if (value >= 1 && value <= most) return value;
  fprintf(stderr, "bare_dial: argument %d is 1 to %d\n", index, most);
  exit(2);
}

int main(int argc, char **argv) {
  connections = argument(argc, argv, 1, 1 << 26, 10000);
  worker_count = argument(argc, argv, 2, MOST_WORKERS, (int)sysconf(_SC_NPROCESSORS_ONLN));
  batch = argument(argc, argv, 3, MOST_BATCH, batch);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  table_size = limit.rlim_max < 65536 ? (int)limit.rlim_max : 65536;
  for (int i = 0; i < worker_count; i++) {
    workers[i].index = i;
    listen_for(&workers[i]);
  }

  unclaimed = connections;
  workers_at_work = worker_count;
  started = now();
  pthread_mutex_lock(&lock);
  for (int i = 0; i < worker_count; i++) start_thread(&workers[i]);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);

  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
  printf(
      "{\"connections\":%d,\"seconds\":%.6f,\"connectsPerSecond\":%.0f,\"cpuSeconds\":%.3f,"
      "\"maxRssBytes\":%ld",
      established, ended - started, established / (ended - started), cpu, used.ru_maxrss * 1024);
  printf(",\"tenthsSeconds\":[");
  for (int i = 0; i < TENTHS; i++) printf("%s%.6f", i > 0 ? "," : "", stood[i] - started);
  printf("]}\n");
}
