/*
 * program: one of ours, run as a child process. Its output is caught in memory; a sanitizer's words
 * in it are fatal, whatever the exit status says. A child never outlives the test.
 */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include "enrold/buffer.h"

#include "movement.h"

#include <stdbool.h>
#include <sys/types.h>

/* Where the programs are: this build's, or those of $ENROLD_PROGRAMS: another build's, or scripts
 * that start ours under valgrind. */
const char *program_directory(void);

struct program {
	const char *name;
	pid_t pid;
	int pidfd; /* readable when it has ended */
	int out, err;
};

struct finished {
	int status;             /* exit status; minus the signal's number when one ended it */
	struct buffer out, err; /* ended by a NUL that does not count */
};

/* argv[0] without a slash is a program of this build. argv ends with NULL. environment: one
 * "NAME=value" more, or NULL. */
void program_start(struct program *program, const char *const *argv, const char *environment);
/* False: it is still running after that time. */
bool program_wait(const struct program *program, int64_t time_us);
/* False: it has not ended, and nothing moves any more. */
bool program_ends(const struct program *program, struct movement *movement);
void program_signal(const struct program *program, int signal);
/* Waits until it has ended (fatal when nothing moves any more). Given to the caller. */
struct finished program_finish(struct program *program);
/* Fatal when a sanitizer has something to say. */
void program_check(const char *name, const struct finished *finished);
/* What it has said so far. Given to the caller. */
struct buffer program_said(int file);

/* Programs that start from now on have this library in front of the others; NULL: none. */
void program_preload(const char *library);

struct finished program_run(const char *const *argv);
/* program_run that must end with this status; prints what it said when it does not. */
struct finished program_expect(int status, const char *const *argv);
void finished_done(struct finished *finished);

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
