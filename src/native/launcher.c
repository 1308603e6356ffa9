/*
 * The executables in dist/ and /usr/sbin: finds the runtime that belongs to it, cleans the environment
 * of everything that would change how that runtime behaves, and becomes it. Never forks, never writes.
 *
 * The runtime and the bundles lie beside this file (dist/, /usr/lib/keepalived-ts) or in LIBRARY_DIR
 * relative to it (/usr/sbin). Which bundle runs is this file's own name.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#ifndef LIBRARY_DIR
#define LIBRARY_DIR "../lib/keepalived-ts"
#endif

extern char **environ;

/*
 * A young generation that is large enough for the objects of a configuration while it is read, and small
 * enough to keep several processes small; children say their own size. Not --disable-sigusr1: it leaves the signal
 * blocked, and the dump that SIGUSR1 asks for would never be made.
 */
static char *const runtime_flags[] = {
	"--max-semi-space-size=8",
	"--no-warnings",
};
#define RUNTIME_FLAGS (sizeof runtime_flags / sizeof runtime_flags[0])

/* The path of this executable with symbolic links resolved. */
static int own_path(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	if (n > 0) {
		out[n] = '\0';
		return 0;
	}
	/* no /proc: what the kernel was asked to execute */
	const char *asked = (const char *)getauxval(AT_EXECFN);
	return asked != NULL && realpath(asked, out) != NULL ? 0 : -1;
}

static void scrub_environment(void)
{
	char **to = environ;
	for (char **from = environ; *from != NULL; from++) {
		if (strncmp(*from, "NODE_", 5) == 0 || strncmp(*from, "UV_", 3) == 0)
			continue;
		*to++ = *from;
	}
	*to = NULL;
}

static int join(char out[PATH_MAX], const char *directory, const char *middle, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s%s", directory, middle, name);
	return n > 0 && n < PATH_MAX ? 0 : -1;
}

int main(int argc, char **argv)
{
	char self[PATH_MAX];
	if (own_path(self) != 0) {
		perror("keepalived: cannot find my own path");
		return 70;
	}
	char *slash = strrchr(self, '/');
	if (slash == NULL)
		return 70;
	*slash = '\0';
	const char *name = slash + 1;

	char node[PATH_MAX];
	char bundle[PATH_MAX];
	char script[NAME_MAX + 5];
	snprintf(script, sizeof script, "%s.mjs", name);
	/* the bundle decides: a system's own node may well lie in the same directory as this file */
	const char *middle = "";
	if (join(bundle, self, middle, script) != 0 || access(bundle, R_OK) != 0)
		middle = LIBRARY_DIR "/";
	if (join(node, self, middle, "node") != 0 || join(bundle, self, middle, script) != 0) {
		fprintf(stderr, "%s: path too long\n", name);
		return 70;
	}

	char **arguments = calloc((size_t)argc + RUNTIME_FLAGS + 3, sizeof *arguments);
	if (arguments == NULL)
		return 204;
	size_t n = 0;
	arguments[n++] = (char *)name;
	for (size_t i = 0; i < RUNTIME_FLAGS; i++)
		arguments[n++] = runtime_flags[i];
	arguments[n++] = bundle;
	for (int i = 1; i < argc; i++)
		arguments[n++] = argv[i];
	arguments[n] = NULL;

	scrub_environment();
	execv(node, arguments);
	fprintf(stderr, "%s: cannot run %s: %s\n", name, node, strerror(errno));
	return 70;
}
