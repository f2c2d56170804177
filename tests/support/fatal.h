/*
 * fatal: the end of a test whose ground has given way. Prints one line and aborts, which Criterion
 * and CTest both count as a failure. Knows neither, so that plain mains (races, benches) can use
 * it.
 */
#ifndef SUPPORT_FATAL_H
#define SUPPORT_FATAL_H

#include "enrold/error.h"

/* What is being tried just now: printed with whatever becomes fatal, or NULL. Borrowed. */
void fatal_about(const char *what);
_Noreturn void fatal(const char *format, ...) PRINTF_LIKE(1, 2);

/* A directory that a failed test leaves behind: named by fatal, and when the process ends without
 * its having been forgotten. One at a time; NULL: none. */
void fatal_keep(const char *path);

#endif
