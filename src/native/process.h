/*
 * The process itself: scheduling of all its threads, limits, namespaces, the parent's death.
 */
#include <dirent.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "shim.h"

static napi_value js_set_parent_death_signal(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int number = int_arg(&a, 0);
  if (a.bad) return NULL;
  return done(a.shim, "prctl", prctl(PR_SET_PDEATHSIG, (unsigned long)number));
}

static napi_value js_set_thread_name(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  char name[17];
  text_arg(&a, 0, name, sizeof name);
  if (a.bad) return NULL;
  return done(a.shim, "prctl", prctl(PR_SET_NAME, name));
}

typedef int (*PerThread)(pid_t thread, const void *how);

/*
 * Applies to every thread. A thread that is born meanwhile inherits from one already changed or is found by
 * the second round; one that ended is no error. Returns 0 or an errno.
 */
static int for_all_threads(PerThread apply, const void *how) {
  for (int round = 0; round < 2; round++) {
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) return errno;
    int error = 0;
    for (struct dirent *entry; error == 0 && (entry = readdir(tasks)) != NULL;) {
      pid_t thread = (pid_t)atoi(entry->d_name);
      if (thread > 0 && apply(thread, how) < 0 && errno != ESRCH) error = errno;
    }
    closedir(tasks);
    if (error != 0) return error;
  }
  return 0;
}

static napi_value all_threads(Shim *shim, const char *syscall, PerThread apply, const void *how) {
  int error = for_all_threads(apply, how);
  return error != 0 ? fail(shim, syscall, error) : undefined_value(shim->env);
}

typedef struct {
  int policy;
  struct sched_param param;
} Scheduler;

static int apply_scheduler(pid_t thread, const void *how) {
  const Scheduler *scheduler = how;
  return sched_setscheduler(thread, scheduler->policy, &scheduler->param);
}

static int apply_nice(pid_t thread, const void *how) {
  return setpriority(PRIO_PROCESS, (id_t)thread, *(const int *)how);
}

static int apply_affinity(pid_t thread, const void *how) { return sched_setaffinity(thread, sizeof(cpu_set_t), how); }

/* setScheduler(policy, priority) */
static napi_value js_set_scheduler(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  char policy[8];
  text_arg(&a, 0, policy, sizeof policy);
  int priority = int_arg(&a, 1);
  bool round_robin = strcmp(policy, "rr") == 0;
  if (!round_robin && strcmp(policy, "other") != 0) bad_argument(&a, "expected \"rr\" or \"other\"");
  if (a.bad) return NULL;
  Scheduler scheduler = {round_robin ? SCHED_RR : SCHED_OTHER, {.sched_priority = round_robin ? priority : 0}};
  return all_threads(a.shim, "sched_setscheduler", apply_scheduler, &scheduler);
}

static napi_value js_set_nice(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int nice = int_arg(&a, 0);
  return a.bad ? NULL : all_threads(a.shim, "setpriority", apply_nice, &nice);
}

static napi_value js_set_affinity(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  uint32_t count = array_length(&a, a.value[0]);
  for (uint32_t i = 0; i < count && !a.bad; i++) {
    int cpu = int_value(&a, element(&a, a.value[0], i));
    if (cpu < 0 || cpu >= CPU_SETSIZE) bad_argument(&a, "no such processor number");
    else CPU_SET(cpu, &cpus);
  }
  return a.bad ? NULL : all_threads(a.shim, "sched_setaffinity", apply_affinity, &cpus);
}

/* setRealtimeLimit(soft, hard) in microseconds */
static napi_value js_set_realtime_limit(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  double soft = double_arg(&a, 0), hard = double_arg(&a, 1);
  if (!(soft >= 0 && hard >= soft && hard < 9e18)) bad_argument(&a, "expected 0 <= soft <= hard");
  if (a.bad) return NULL;
  struct rlimit limit = {(rlim_t)soft, (rlim_t)hard};
  return done(a.shim, "setrlimit", setrlimit(RLIMIT_RTTIME, &limit));
}

/* raiseFileLimit(wanted): the soft limit that holds now; never lowers one */
static napi_value js_raise_file_limit(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  int wanted = int_arg(&a, 0);
  struct rlimit limit;
  if (a.bad) return NULL;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return fail(a.shim, "getrlimit", errno);
  if (wanted > 0 && limit.rlim_cur < (rlim_t)wanted) {
    struct rlimit raised = {(rlim_t)wanted, limit.rlim_max > (rlim_t)wanted ? limit.rlim_max : (rlim_t)wanted};
    if (setrlimit(RLIMIT_NOFILE, &raised) < 0) {
      if (errno != EPERM) return fail(a.shim, "setrlimit", errno);
      raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
      if (setrlimit(RLIMIT_NOFILE, &raised) < 0) return fail(a.shim, "setrlimit", errno);
    }
    limit = raised;
  }
  return number_value(env, (double)limit.rlim_cur);
}

static napi_value js_enter_namespace(napi_env env, napi_callback_info info) {
  Args a = args_of(env, info);
  char path[PATH_MAX + 1];
  text_arg(&a, 0, path, sizeof path);
  if (a.bad) return NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail(a.shim, "open", errno);
  int error = setns(fd, CLONE_NEWNET) < 0 ? errno : 0;
  close(fd);
  return error != 0 ? fail(a.shim, "setns", error) : undefined_value(env);
}
