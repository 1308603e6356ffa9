/*
 * Readiness, timers and signals on the event loop. All descriptors stand in one epoll set of our own, and
 * libuv watches only that set: its habit of stopping a handle on EPOLLERR (netlink overrun, packet socket
 * whose link went down) cannot bite, and adding a descriptor costs one system call.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

enum { READABLE = 1, WRITABLE = 2, FAILED = 4, BATCH = 64 };

struct Signal {
  uv_signal_t handle;
  Shim *shim;
  Signal *next;
};

/* Runs a JavaScript callback as the loop would; what it throws becomes an uncaught exception. */
static void call_back(Shim *shim, napi_ref function, int first, int second) {
  napi_env env = shim->env;
  napi_handle_scope scope;
  napi_value receiver, callee, argv[2];
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_get_global(env, &receiver);
  napi_get_reference_value(env, function, &callee);
  napi_create_int32(env, first, &argv[0]);
  napi_create_int32(env, second, &argv[1]);
  if (napi_make_callback(env, shim->context, receiver, callee, 2, argv, NULL) == napi_pending_exception) {
    bool pending = false;
    napi_value thrown;
    napi_is_exception_pending(env, &pending);
    if (pending && napi_get_and_clear_last_exception(env, &thrown) == napi_ok)
      napi_fatal_exception(env, thrown);
  }
  napi_close_handle_scope(env, scope);
}

/* The watch may have ended, or its number may have been taken anew, since the kernel reported it. */
static bool is_current(Shim *shim, int fd, uint32_t generation) {
  return (size_t)fd < shim->watch_slots && shim->watches[fd].generation == generation;
}

static void dispatch(uv_poll_t *poll, int status, int events) {
  Shim *shim = poll->data;
  struct epoll_event ready[BATCH];
  (void)status;
  (void)events;
  int count = epoll_wait(shim->epoll, ready, BATCH, 0);
  for (int i = 0; i < count && !shim->closing; i++) {
    int fd = (int)(uint32_t)ready[i].data.u64;
    if (!is_current(shim, fd, (uint32_t)(ready[i].data.u64 >> 32))) continue;
    uint64_t expirations;
    if (shim->watches[fd].timer && read(fd, &expirations, sizeof expirations) < 0) continue; /* set anew */
    int mask = 0;
    if (ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) mask |= READABLE;
    if (ready[i].events & EPOLLOUT) mask |= WRITABLE;
    if (ready[i].events & EPOLLERR) mask |= FAILED;
    call_back(shim, shim->on_ready, fd, mask);
  }
}

/* Generation 0 is reserved; after 2^32 watches the numbers start again. */
static uint32_t watch_add(Shim *shim, int fd, uint32_t events, bool timer) {
  if ((size_t)fd >= shim->watch_slots) {
    size_t slots = shim->watch_slots == 0 ? 256 : shim->watch_slots;
    while (slots <= (size_t)fd) slots *= 2;
    Watch *grown = realloc(shim->watches, slots * sizeof *grown);
    if (grown == NULL) {
      errno = ENOMEM;
      return 0;
    }
    memset(grown + shim->watch_slots, 0, (slots - shim->watch_slots) * sizeof *grown);
    shim->watches = grown;
    shim->watch_slots = slots;
  }
  if (++shim->next_generation == 0) shim->next_generation = 1;
  uint32_t generation = shim->next_generation;
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)generation << 32 | (uint32_t)fd};
  if (epoll_ctl(shim->epoll, EPOLL_CTL_ADD, fd, &event) < 0) return 0;
  shim->watches[fd] = (Watch){.generation = generation, .timer = timer};
  if (shim->watching++ == 0) uv_ref((uv_handle_t *)&shim->poll);
  return generation;
}

static void watch_remove(Shim *shim, int fd) {
  if (fd < 0 || (size_t)fd >= shim->watch_slots || shim->watches[fd].generation == 0) return;
  shim->watches[fd].generation = 0;
  epoll_ctl(shim->epoll, EPOLL_CTL_DEL, fd, NULL);
  if (--shim->watching == 0) uv_unref((uv_handle_t *)&shim->poll);
}

/* watch(fd, mask): generation */
static napi_value js_watch(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0), mask = int_arg(&a, 1);
  if (a.bad) return NULL;
  if (fd < 0) return fail(a.shim, "epoll_ctl", EBADF);
  uint32_t events = (mask & READABLE ? EPOLLIN : 0) | (mask & WRITABLE ? EPOLLOUT : 0);
  uint32_t generation = watch_add(a.shim, fd, events, false);
  return generation == 0 ? fail(a.shim, "epoll_ctl", errno) : number_value(env, generation);
}

/* unwatch(fd, generation): boolean; a generation that is over is ignored */
static napi_value js_unwatch(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  uint32_t generation = (uint32_t)(int64_t)double_arg(&a, 1);
  if (a.bad) return NULL;
  bool current = fd >= 0 && generation != 0 && is_current(a.shim, fd, generation);
  if (current) watch_remove(a.shim, fd);
  return bool_value(env, current);
}

/* timerOpen(): fd; it calls on_ready like a watch */
static napi_value js_timer_open(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) return fail(a.shim, "timerfd_create", errno);
  if (watch_add(a.shim, fd, EPOLLIN, true) == 0) {
    int error = errno;
    close(fd);
    return fail(a.shim, "epoll_ctl", error);
  }
  return number_value(env, fd);
}

/* timerSet(fd, microseconds): absolute; undefined disarms */
static napi_value js_timer_set(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  struct itimerspec at = {0};
  if (present(&a, 1)) {
    double micros = double_arg(&a, 1);
    if (micros >= 1) {
      int64_t whole = (int64_t)micros;
      at.it_value.tv_sec = whole / 1000000;
      at.it_value.tv_nsec = whole % 1000000 * 1000;
    } else {
      at.it_value.tv_nsec = 1; /* all zero would disarm */
    }
  }
  if (a.bad) return NULL;
  if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) < 0) return fail(a.shim, "timerfd_settime", errno);
  return undefined_value(env);
}

static napi_value js_now(napi_env env, napi_callback_info info) {
  (void)info;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return number_value(env, (double)((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000));
}

static void handle_closed(Shim *shim) {
  if (--shim->open_handles == 0 && shim->closing) napi_remove_async_cleanup_hook(shim->cleanup);
}

static void signal_closed(uv_handle_t *handle) {
  Signal *signal = handle->data;
  Shim *shim = signal->shim;
  free(signal);
  handle_closed(shim);
}

static void signal_arrived(uv_signal_t *handle, int number) {
  Signal *signal = handle->data;
  call_back(signal->shim, signal->shim->on_signal, number, 0);
}

/* signalStart(number) */
static napi_value js_signal_start(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int number = int_arg(&a, 0);
  if (a.bad) return NULL;
  Signal *signal = calloc(1, sizeof *signal);
  if (signal == NULL) return fail(a.shim, "uv_signal_init", ENOMEM);
  signal->shim = a.shim;
  signal->handle.data = signal;
  int status = uv_signal_init(a.shim->poll.loop, &signal->handle);
  if (status < 0) {
    free(signal);
    return fail(a.shim, "uv_signal_init", -status);
  }
  a.shim->open_handles++;
  uv_unref((uv_handle_t *)&signal->handle);
  status = uv_signal_start(&signal->handle, signal_arrived, number);
  if (status < 0) {
    uv_close((uv_handle_t *)&signal->handle, signal_closed);
    return fail(a.shim, "sigaction", -status);
  }
  signal->next = a.shim->signals;
  a.shim->signals = signal;
  return undefined_value(env);
}

/* signalStop(number) */
static napi_value js_signal_stop(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int number = int_arg(&a, 0);
  if (a.bad) return NULL;
  for (Signal **at = &a.shim->signals; *at != NULL; at = &(*at)->next) {
    Signal *signal = *at;
    if (signal->handle.signum != number) continue;
    *at = signal->next;
    uv_close((uv_handle_t *)&signal->handle, signal_closed);
    break;
  }
  return undefined_value(env);
}

static void poll_closed(uv_handle_t *handle) { handle_closed(handle->data); }

/* The environment ends: closes every handle and every timer; other descriptors belong to whoever opened them. */
static void loop_close(napi_async_cleanup_hook_handle hook, void *data) {
  Shim *shim = data;
  (void)hook;
  shim->closing = true;
  for (size_t fd = 0; fd < shim->watch_slots; fd++)
    if (shim->watches[fd].generation != 0 && shim->watches[fd].timer) close((int)fd);
  while (shim->signals != NULL) {
    Signal *signal = shim->signals;
    shim->signals = signal->next;
    uv_close((uv_handle_t *)&signal->handle, signal_closed);
  }
  uv_close((uv_handle_t *)&shim->poll, poll_closed);
  close(shim->epoll);
}

/* Returns 0 or a negative errno. */
static int loop_open(Shim *shim) {
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(shim->env, &loop) != napi_ok) return -EINVAL;
  shim->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (shim->epoll < 0) return -errno;
  shim->poll.data = shim;
  int status = uv_poll_init(loop, &shim->poll, shim->epoll);
  if (status == 0) status = uv_poll_start(&shim->poll, UV_READABLE, dispatch);
  if (status < 0) return status;
  uv_unref((uv_handle_t *)&shim->poll);
  shim->open_handles = 1;
  napi_add_async_cleanup_hook(shim->env, loop_close, shim, &shim->cleanup);
  return 0;
}
