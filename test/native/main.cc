#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#ifdef __SANITIZE_THREAD__
// The thread sanitizer treats a descriptor number as one object of the whole process. In private
// tables it is several, so it reports races between threads that only use the same number, and
// infers an order between a write and a read under one number.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "io_sync=0 history_size=7";
}

// The calls that create, use and release a descriptor. Any memory that they touch belongs to one
// thread. Both sides of a race are listed, because the sanitizer may remember only one stack.
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
