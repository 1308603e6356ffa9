/*
 * Files: FIFOs, and directories whose changes are watched.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include "shim.h"

/* mkfifo(path, mode) */
static napi_value js_mkfifo(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  char path[PATH_MAX + 1];
  text_arg(&a, 0, path, sizeof path);
  int mode = int_arg(&a, 1);
  if (a.bad) return NULL;
  return done(a.shim, "mkfifo", mkfifo(path, (mode_t)mode));
}

static napi_value js_inotify_open(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  return fd < 0 ? fail(a.shim, "inotify_init1", errno) : number_value(env, fd);
}

/* inotifyAdd(fd, path, mask): the watch's number; the same one again for a path that is watched already */
static napi_value js_inotify_add(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  char path[PATH_MAX + 1];
  text_arg(&a, 1, path, sizeof path);
  int mask = int_arg(&a, 2);
  if (a.bad) return NULL;
  int watch = inotify_add_watch(fd, path, (uint32_t)mask);
  return watch < 0 ? fail(a.shim, "inotify_add_watch", errno) : number_value(env, watch);
}
