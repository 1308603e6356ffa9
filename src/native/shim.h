/*
 * What every part of the native shim shares: the state of one Node environment, argument reading and
 * the one way an error leaves. The shim is one translation unit: shim.c includes the parts.
 */
#ifndef SHIM_H
#define SHIM_H

#include <errno.h>
#include <limits.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* One entry per descriptor number; generation 0 means that nobody watches it. */
typedef struct {
  uint32_t generation;
  bool timer;
} Watch;

typedef struct Signal Signal;

/* State of one environment (main thread or worker). */
typedef struct {
  napi_env env;
  uv_poll_t poll; /* watches `epoll`; libuv sees only this one descriptor */
  int epoll;
  Watch *watches;
  size_t watch_slots;
  uint32_t next_generation;
  uint32_t watching; /* armed watches: they keep the loop alive */
  Signal *signals;
  napi_async_context context;
  napi_ref on_ready, on_signal, make_error;
  napi_async_cleanup_hook_handle cleanup;
  int open_handles; /* uv handles whose close callback is due */
  bool closing;
} Shim;

typedef struct {
  Shim *shim;
  napi_env env;
  size_t count;
  napi_value value[6];
  bool bad; /* an argument had the wrong type; an exception is pending */
} Args;

typedef struct {
  uint8_t *data;
  size_t length;
} Bytes;

static Args args_of(napi_env env, napi_callback_info info) {
  Args a = {.env = env, .count = 6};
  void *data = NULL;
  napi_get_cb_info(env, info, &a.count, a.value, NULL, &data);
  a.shim = data;
  return a;
}

static void bad_argument(Args *a, const char *wanted) {
  if (!a->bad) napi_throw_type_error(a->env, "ERR_INVALID_ARG_TYPE", wanted);
  a->bad = true;
}

static bool present(Args *a, size_t i) {
  napi_valuetype type = napi_undefined;
  if (i < a->count) napi_typeof(a->env, a->value[i], &type);
  return type != napi_undefined;
}

static int int_value(Args *a, napi_value value) {
  int32_t out = 0;
  if (napi_get_value_int32(a->env, value, &out) != napi_ok) bad_argument(a, "expected a number");
  return out;
}

static int int_arg(Args *a, size_t i) { return int_value(a, a->value[i]); }

static int optional_int_arg(Args *a, size_t i) { return present(a, i) ? int_arg(a, i) : 0; }

static double double_arg(Args *a, size_t i) {
  double out = 0;
  if (napi_get_value_double(a->env, a->value[i], &out) != napi_ok) bad_argument(a, "expected a number");
  return out;
}

static Bytes bytes_value(Args *a, napi_value value) {
  Bytes out = {0};
  void *data = NULL;
  bool is = false;
  napi_is_buffer(a->env, value, &is); /* true for every view of an ArrayBuffer */
  if (!is || napi_get_buffer_info(a->env, value, &data, &out.length) != napi_ok)
    bad_argument(a, "expected a Uint8Array");
  out.data = data;
  return out;
}

static Bytes bytes_arg(Args *a, size_t i) { return bytes_value(a, a->value[i]); }

/* Text of at most size - 1 bytes, without NUL inside. */
static void text_arg(Args *a, size_t i, char *into, size_t size) {
  size_t length = 0;
  if (napi_get_value_string_utf8(a->env, a->value[i], into, size, &length) != napi_ok)
    bad_argument(a, "expected a string");
  else if (length == size - 1 || strlen(into) != length)
    bad_argument(a, "text too long or with a NUL inside");
}

/* Throws what `make_error` builds from the call's name and errno. Returns NULL for `return fail(...)`. */
static napi_value fail(Shim *shim, const char *syscall, int error) {
  napi_env env = shim->env;
  napi_value make, undefined, argv[2], thrown;
  napi_get_undefined(env, &undefined);
  if (napi_get_reference_value(env, shim->make_error, &make) == napi_ok && make != NULL) {
    napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &argv[0]);
    napi_create_int32(env, error, &argv[1]);
    if (napi_call_function(env, undefined, make, 2, argv, &thrown) == napi_ok) napi_throw(env, thrown);
  } else {
    napi_throw_error(env, NULL, syscall);
  }
  return NULL;
}

static napi_value undefined_value(napi_env env) {
  napi_value out;
  napi_get_undefined(env, &out);
  return out;
}

static napi_value bool_value(napi_env env, bool value) {
  napi_value out;
  napi_get_boolean(env, value, &out);
  return out;
}

static napi_value number_value(napi_env env, double value) {
  napi_value out;
  napi_create_double(env, value, &out);
  return out;
}

static napi_value buffer_value(napi_env env, const void *data, size_t length) {
  napi_value out;
  napi_create_buffer_copy(env, length, data, NULL, &out);
  return out;
}

#endif
