/*
 * metrics_file: a file that is replaced as a whole, for node_exporter's textfile collector, which
 * may read it at any time. It is readable for all, and not flushed: what a power cut takes is
 * written anew. Whoever else may write in its folder cannot make us write elsewhere.
 */
#ifndef DAEMON_METRICS_FILE_H
#define DAEMON_METRICS_FILE_H

#include "enrold/error.h"
#include "enrold/slice.h"

/* RETRY: the file is as it was. */
struct error metrics_file_write(const char *path, struct slice text) MUST_CHECK;

#endif
