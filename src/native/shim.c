/*
 * The native shim: what the Linux kernel offers and Node does not, as a Node-API 8 addon. src/net/native-api.ts
 * is its typed face, src/net/native.ts its only loader. It decides nothing: one function per system call.
 */
#define _GNU_SOURCE
#include "shim.h"

#include "loop.h"
#include "socket.h"

#include "process.h"

#include "files.h"

/* attach(onReady, onSignal, makeError): must come before every other call */
static napi_value js_attach(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  napi_create_reference(env, a.value[0], 1, &a.shim->on_ready);
  napi_create_reference(env, a.value[1], 1, &a.shim->on_signal);
  napi_create_reference(env, a.value[2], 1, &a.shim->make_error);
  return undefined_value(env);
}

static const struct {
  const char *name;
  napi_callback call;
} functions[] = {
    {"attach", js_attach},
    {"watch", js_watch},
    {"unwatch", js_unwatch},
    {"timerOpen", js_timer_open},
    {"timerSet", js_timer_set},
    {"now", js_now},
    {"signalStart", js_signal_start},
    {"signalStop", js_signal_stop},
    {"socket", js_socket},
    {"socketpair", js_socketpair},
    {"close", js_close},
    {"bind", js_bind},
    {"connect", js_connect},
    {"getsockname", js_getsockname},
    {"setsockopt", js_setsockopt},
    {"getsockoptInt", js_getsockopt_int},
    {"send", js_send},
    {"sendBatch", js_send_batch},
    {"receive", js_receive},
    {"receiveBatch", js_receive_batch},
    {"receiveNetlink", js_receive_netlink},
    {"read", js_read},
    {"write", js_write},
    {"open", js_open},
    {"tryLock", js_try_lock},
    {"mkfifo", js_mkfifo},
    {"inotifyOpen", js_inotify_open},
    {"inotifyAdd", js_inotify_add},
    {"replaceContents", js_replace_contents},
    {"interfaceRequest", js_interface_request},
    {"ifNameToIndex", js_if_name_to_index},
    {"setParentDeathSignal", js_set_parent_death_signal},
    {"setThreadName", js_set_thread_name},
    {"setScheduler", js_set_scheduler},
    {"setNice", js_set_nice},
    {"setAffinity", js_set_affinity},
    {"setRealtimeLimit", js_set_realtime_limit},
    {"raiseFileLimit", js_raise_file_limit},
    {"enterNamespace", js_enter_namespace},
};

/* The last thing of an environment, after the handles were closed. */
static void shim_free(napi_env env, void *data, void *hint) {
  Shim *shim = data;
  (void)env;
  (void)hint;
  free(shim->watches);
  free(shim);
}

NAPI_MODULE_INIT() {
  Shim *shim = calloc(1, sizeof *shim);
  napi_value name;
  if (shim == NULL) return NULL;
  shim->env = env;
  int status = loop_open(shim);
  if (status < 0) {
    free(shim);
    napi_throw_error(env, uv_err_name(status), "the native shim cannot watch descriptors");
    return NULL;
  }
  napi_set_instance_data(env, shim, shim_free, NULL);
  napi_create_string_utf8(env, "keepalived", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &shim->context);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, shim, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
