/*
 * Sockets and files. Nothing here blocks: every descriptor is opened non-blocking and close-on-exec.
 */
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "shim.h"

enum { CONTROL_ROOM = 1024, MESSAGES = 64 };

static bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

static napi_value done(Shim *shim, const char *syscall, int result) {
  return result < 0 ? fail(shim, syscall, errno) : undefined_value(shim->env);
}

static napi_value js_socket(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int domain = int_arg(&a, 0), type = int_arg(&a, 1), protocol = int_arg(&a, 2);
  if (a.bad) return NULL;
  int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  return fd < 0 ? fail(a.shim, "socket", errno) : number_value(env, fd);
}

/* socketpair(type): [number, number] of AF_UNIX */
static napi_value js_socketpair(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int type = int_arg(&a, 0), ends[2];
  napi_value out;
  if (a.bad) return NULL;
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
    return fail(a.shim, "socketpair", errno);
  napi_create_array_with_length(env, 2, &out);
  for (uint32_t i = 0; i < 2; i++) napi_set_element(env, out, i, number_value(env, ends[i]));
  return out;
}

static napi_value js_close(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  if (a.bad) return NULL;
  watch_remove(a.shim, fd);
  int result = close(fd);
  if (result < 0 && errno == EINTR) result = 0; /* Linux has closed it */
  return done(a.shim, "close", result);
}

static napi_value js_bind(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  Bytes address = bytes_arg(&a, 1);
  if (a.bad) return NULL;
  return done(a.shim, "bind", bind(fd, (struct sockaddr *)address.data, (socklen_t)address.length));
}

static napi_value js_connect(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  Bytes address = bytes_arg(&a, 1);
  if (a.bad) return NULL;
  if (connect(fd, (struct sockaddr *)address.data, (socklen_t)address.length) == 0) return bool_value(env, true);
  return errno == EINPROGRESS ? bool_value(env, false) : fail(a.shim, "connect", errno);
}

static napi_value js_getsockname(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (a.bad) return NULL;
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return fail(a.shim, "getsockname", errno);
  return buffer_value(env, &address, length);
}

static napi_value js_setsockopt(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0), level = int_arg(&a, 1), option = int_arg(&a, 2), number = 0;
  Bytes value = {(uint8_t *)&number, sizeof number};
  napi_valuetype type = napi_undefined;
  napi_typeof(env, a.value[3], &type);
  if (type == napi_number) number = int_arg(&a, 3);
  else value = bytes_arg(&a, 3);
  if (a.bad) return NULL;
  return done(a.shim, "setsockopt", setsockopt(fd, level, option, value.data, (socklen_t)value.length));
}

static napi_value js_getsockopt_int(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0), level = int_arg(&a, 1), option = int_arg(&a, 2), value = 0;
  socklen_t length = sizeof value;
  if (a.bad) return NULL;
  if (getsockopt(fd, level, option, &value, &length) < 0) return fail(a.shim, "getsockopt", errno);
  return number_value(env, value);
}

static napi_value member(Args *a, napi_value object, const char *name) {
  napi_value out = undefined_value(a->env);
  if (napi_get_named_property(a->env, object, name, &out) != napi_ok) bad_argument(a, "expected an object");
  return out;
}

static uint32_t array_length(Args *a, napi_value array) {
  uint32_t length = 0;
  if (napi_get_array_length(a->env, array, &length) != napi_ok) bad_argument(a, "expected an array");
  return length;
}

static napi_value element(Args *a, napi_value array, uint32_t i) {
  napi_value out = undefined_value(a->env);
  napi_get_element(a->env, array, i, &out);
  return out;
}

/* Packs [{level, type, data}] behind each other. */
static void pack_control(Args *a, napi_value list, struct msghdr *message, uint8_t *room) {
  uint32_t count = array_length(a, list);
  size_t used = 0;
  for (uint32_t i = 0; i < count && !a->bad; i++) {
    napi_value entry = element(a, list, i);
    int level = int_value(a, member(a, entry, "level")), type = int_value(a, member(a, entry, "type"));
    Bytes data = bytes_value(a, member(a, entry, "data"));
    if (a->bad) return;
    if (data.length > CONTROL_ROOM || used + CMSG_SPACE(data.length) > CONTROL_ROOM) {
      bad_argument(a, "too much control data");
      return;
    }
    struct cmsghdr *header = (struct cmsghdr *)(room + used);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(data.length);
    memcpy(CMSG_DATA(header), data.data, data.length);
    used += CMSG_SPACE(data.length);
  }
  message->msg_control = used == 0 ? NULL : room;
  message->msg_controllen = used;
}

/* send(fd, data, address?, flags?, control?): boolean */
static napi_value js_send(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  _Alignas(struct cmsghdr) uint8_t control[CONTROL_ROOM] = {0};
  struct iovec part;
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  int fd = int_arg(&a, 0);
  Bytes data = bytes_arg(&a, 1);
  part = (struct iovec){data.data, data.length};
  if (present(&a, 2)) {
    Bytes address = bytes_arg(&a, 2);
    message.msg_name = address.data;
    message.msg_namelen = (socklen_t)address.length;
  }
  int flags = optional_int_arg(&a, 3);
  if (present(&a, 4)) pack_control(&a, a.value[4], &message, control);
  if (a.bad) return NULL;
  if (sendmsg(fd, &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return bool_value(env, true);
  return would_block(errno) ? bool_value(env, false) : fail(a.shim, "sendmsg", errno);
}

/* sendBatch(fd, [{data, address}]): number */
static napi_value js_send_batch(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  struct mmsghdr messages[MESSAGES];
  struct iovec parts[MESSAGES];
  int fd = int_arg(&a, 0);
  uint32_t total = array_length(&a, a.value[1]), sent = 0;
  while (sent < total && !a.bad) {
    uint32_t count = total - sent < MESSAGES ? total - sent : MESSAGES;
    memset(messages, 0, sizeof messages);
    for (uint32_t i = 0; i < count && !a.bad; i++) {
      napi_value entry = element(&a, a.value[1], sent + i), address = member(&a, entry, "address");
      Bytes data = bytes_value(&a, member(&a, entry, "data"));
      parts[i] = (struct iovec){data.data, data.length};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      napi_valuetype type = napi_undefined;
      napi_typeof(env, address, &type);
      if (type == napi_undefined) continue;
      Bytes to = bytes_value(&a, address);
      messages[i].msg_hdr.msg_name = to.data;
      messages[i].msg_hdr.msg_namelen = (socklen_t)to.length;
    }
    if (a.bad) return NULL;
    int result = sendmmsg(fd, messages, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (result < 0) {
      if (would_block(errno) || sent > 0) break; /* a refusal comes back when the rest is sent again */
      return fail(a.shim, "sendmmsg", errno);
    }
    sent += (uint32_t)result;
    if ((uint32_t)result < count) break;
  }
  return a.bad ? NULL : number_value(env, sent);
}

static napi_value unpack_control(napi_env env, struct msghdr *message) {
  napi_value list;
  uint32_t count = 0;
  napi_create_array(env, &list);
  for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
    napi_value entry;
    napi_create_object(env, &entry);
    napi_set_named_property(env, entry, "level", number_value(env, at->cmsg_level));
    napi_set_named_property(env, entry, "type", number_value(env, at->cmsg_type));
    napi_set_named_property(env, entry, "data", buffer_value(env, CMSG_DATA(at), at->cmsg_len - CMSG_LEN(0)));
    napi_set_element(env, list, count++, entry);
  }
  return list;
}

/* receive(fd, into, flags?): Received | undefined */
static napi_value js_receive(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  _Alignas(struct cmsghdr) uint8_t control[CONTROL_ROOM];
  struct sockaddr_storage from;
  int fd = int_arg(&a, 0);
  Bytes into = bytes_arg(&a, 1);
  int flags = optional_int_arg(&a, 2);
  if (a.bad) return NULL;
  struct iovec part = {into.data, into.length};
  struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1,
                           .msg_control = control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(fd, &message, flags | MSG_DONTWAIT);
  if (length < 0) return would_block(errno) ? undefined_value(env) : fail(a.shim, "recvmsg", errno);
  size_t stored = (size_t)length < into.length ? (size_t)length : into.length;
  napi_value out;
  napi_create_object(env, &out);
  napi_set_named_property(env, out, "length", number_value(env, (double)stored));
  napi_set_named_property(env, out, "from", buffer_value(env, &from, message.msg_namelen));
  napi_set_named_property(env, out, "control", unpack_control(env, &message));
  napi_set_named_property(env, out, "truncated",
                          bool_value(env, (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0));
  return out;
}

/* receiveNetlink(fd, into, slot): number | undefined */
static napi_value js_receive_netlink(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  struct mmsghdr messages[MESSAGES] = {0};
  struct iovec parts[MESSAGES];
  struct sockaddr_nl from[MESSAGES];
  int fd = int_arg(&a, 0);
  Bytes into = bytes_arg(&a, 1);
  size_t slot = (size_t)int_arg(&a, 2);
  if (a.bad) return NULL;
  if (slot < NLMSG_HDRLEN || slot % NLMSG_ALIGNTO != 0 || slot > into.length) {
    bad_argument(&a, "a slot is a multiple of 4 bytes and fits into the buffer");
    return NULL;
  }
  size_t slots = into.length / slot < MESSAGES ? into.length / slot : MESSAGES;
  for (size_t i = 0; i < slots; i++) {
    parts[i] = (struct iovec){into.data + i * slot, slot};
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1};
  }
  int count = recvmmsg(fd, messages, (unsigned)slots, MSG_DONTWAIT, NULL);
  if (count < 0) return would_block(errno) ? undefined_value(env) : fail(a.shim, "recvmmsg", errno);
  size_t packed = 0;
  for (int i = 0; i < count; i++) {
    if (messages[i].msg_hdr.msg_namelen != sizeof from[i] || from[i].nl_pid != 0) continue;
    if (messages[i].msg_hdr.msg_flags & MSG_TRUNC) return fail(a.shim, "recvmmsg", EMSGSIZE);
    /* Every datagram starts aligned; a gap before it is never larger than the alignment. */
    size_t at = NLMSG_ALIGN(packed);
    memset(into.data + packed, 0, at - packed);
    if (at != (size_t)i * slot) memmove(into.data + at, into.data + (size_t)i * slot, messages[i].msg_len);
    packed = at + messages[i].msg_len;
  }
  return number_value(env, (double)packed);
}

/* receiveBatch(fd, into, slot, lengths): number | undefined */
static napi_value js_receive_batch(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  struct mmsghdr messages[MESSAGES] = {0};
  struct iovec parts[MESSAGES];
  int fd = int_arg(&a, 0);
  Bytes into = bytes_arg(&a, 1);
  size_t slot = (size_t)int_arg(&a, 2);
  Bytes lengths = bytes_arg(&a, 3);
  if (a.bad) return NULL;
  if (slot == 0 || slot > into.length || lengths.length < sizeof(int32_t)) {
    bad_argument(&a, "the buffers hold one slot and its length at least");
    return NULL;
  }
  size_t slots = into.length / slot < MESSAGES ? into.length / slot : MESSAGES;
  if (lengths.length / sizeof(int32_t) < slots) slots = lengths.length / sizeof(int32_t);
  for (size_t i = 0; i < slots; i++) {
    parts[i] = (struct iovec){into.data + i * slot, slot};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  int count = recvmmsg(fd, messages, (unsigned)slots, MSG_DONTWAIT, NULL);
  if (count < 0) return would_block(errno) ? undefined_value(env) : fail(a.shim, "recvmmsg", errno);
  for (int i = 0; i < count; i++) {
    int32_t length = (int32_t)messages[i].msg_len;
    memcpy(lengths.data + (size_t)i * sizeof length, &length, sizeof length);
  }
  return number_value(env, count);
}

static napi_value js_read(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  Bytes into = bytes_arg(&a, 1);
  if (a.bad) return NULL;
  ssize_t length = read(fd, into.data, into.length);
  if (length < 0) return would_block(errno) ? undefined_value(env) : fail(a.shim, "read", errno);
  return number_value(env, (double)length);
}

static napi_value js_write(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  Bytes data = bytes_arg(&a, 1);
  if (a.bad) return NULL;
  ssize_t length = write(fd, data.data, data.length);
  if (length < 0) return would_block(errno) ? undefined_value(env) : fail(a.shim, "write", errno);
  return number_value(env, (double)length);
}

static napi_value js_open(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  char path[PATH_MAX + 1];
  text_arg(&a, 0, path, sizeof path);
  int flags = int_arg(&a, 1), mode = int_arg(&a, 2);
  if (a.bad) return NULL;
  int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, (mode_t)mode);
  return fd < 0 ? fail(a.shim, "open", errno) : number_value(env, fd);
}

/* An open file description lock belongs to this descriptor: closing another one of the same file keeps it. */
static napi_value js_try_lock(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (a.bad) return NULL;
  if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return bool_value(env, true);
  return errno == EAGAIN || errno == EACCES ? bool_value(env, false) : fail(a.shim, "fcntl", errno);
}

static napi_value js_replace_contents(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int fd = int_arg(&a, 0);
  Bytes data = bytes_arg(&a, 1);
  if (a.bad) return NULL;
  if (ftruncate(fd, 0) < 0) return fail(a.shim, "ftruncate", errno);
  for (size_t at = 0; at < data.length;) {
    ssize_t length = pwrite(fd, data.data + at, data.length - at, (off_t)at);
    if (length < 0) return fail(a.shim, "pwrite", errno);
    at += (size_t)length;
  }
  return undefined_value(env);
}

/* ioctl(2) with a struct ifreq: the data lies inside it, or it points there; what comes back is copied out. */
static napi_value js_interface_request(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  struct ifreq request = {0};
  int fd = int_arg(&a, 0), command = int_arg(&a, 1);
  char name[256];
  text_arg(&a, 2, name, sizeof name);
  Bytes data = bytes_arg(&a, 3);
  int inside = int_arg(&a, 4);
  size_t room = sizeof request - offsetof(struct ifreq, ifr_ifru);
  if (a.bad) return NULL;
  if (strlen(name) >= sizeof request.ifr_name) return fail(a.shim, "ioctl", ENODEV);
  if (inside && data.length > room) return fail(a.shim, "ioctl", EINVAL);
  strcpy(request.ifr_name, name);
  if (inside) memcpy(&request.ifr_ifru, data.data, data.length);
  else request.ifr_data = (char *)data.data;
  if (ioctl(fd, (unsigned long)command, &request) < 0) return fail(a.shim, "ioctl", errno);
  if (inside) memcpy(data.data, &request.ifr_ifru, data.length);
  return undefined_value(env);
}

static napi_value js_if_name_to_index(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  char name[256];
  text_arg(&a, 0, name, sizeof name);
  return a.bad ? NULL : number_value(env, if_nametoindex(name));
}
