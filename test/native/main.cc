#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#ifdef __SANITIZE_THREAD__
// The thread sanitizer takes a descriptor number for one thing in the whole process. In private
// tables it is many, so it sees races between threads that merely use the same number, and takes
// what one writes and another one reads under it for an order between the two.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "io_sync=0 history_size=7";
}

// The calls by which a number is made, used and given back. The memory some of them touch belongs
// to one thread. Both sides of a race are named, because only one stack may be remembered.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions() {
  return "race:interceptor_accept4$\n"
         "race:interceptor_bind$\n"
         "race:interceptor_close$\n"
         "race:interceptor_connect$\n"
         "race:interceptor_dup3$\n"
         "race:interceptor_epoll_create1$\n"
         "race:interceptor_epoll_ctl$\n"
         "race:interceptor_eventfd$\n"
         "race:interceptor_listen$\n"
         "race:interceptor_recv$\n"
         "race:interceptor_send$\n"
         "race:interceptor_socket$\n"
         "race:interceptor_write$\n";
}
#endif
