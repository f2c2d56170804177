#include "fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *about;
static char kept[512];
static pid_t keeper; /* a forked child that fails to exec must not claim the directory */

void fatal_keep(const char *path)
{
	snprintf(kept, sizeof kept, "%s", path ? path : "");
	keeper = getpid();
}

__attribute__((destructor)) static void kept_print(void)
{
	if (kept[0] != '\0' && keeper == getpid())
		fprintf(stderr, "kept for a look: %s\n", kept);
}

void fatal_about(const char *what)
{
	about = what;
}

void fatal(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fprintf(stderr, "FATAL: %s%s", about ? about : "", about ? ": " : "");
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	kept_print();
	abort();
}
