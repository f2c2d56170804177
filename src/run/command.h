/*
 * command: a program that the configuration names, run and waited for. It has none of our
 * environment but what it is given, is a process group of its own, and what it says is told line by
 * line.
 */
#ifndef RUN_COMMAND_H
#define RUN_COMMAND_H

#include "enrold/policy.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { COMMAND_ARGUMENTS_MAX = 32 };

struct command {
	const struct text_list *words; /* a path and its arguments */
	char *const *environment;
	int input; /* its standard input; -1: nothing */
	uint32_t timeout_ms;
	const atomic_bool *is_stopping; /* ends it early; NULL: nothing does */
	atomic_uint *progress;          /* grows while it is waited for; NULL: nobody asks */
	void (*on_line)(void *context, const char *line);
	void *context;
};

struct command_end {
	int failed;   /* errno: it could not be started; 0: it was */
	int status;   /* as of waitpid */
	bool is_late; /* it took longer than it may, and was ended with all that it has started */
	bool is_stopped;
};

void command_run(const struct command *command, struct command_end *end);
/* "ended with status 3"; "": it has ended well. */
enum { COMMAND_END_SIZE = 160 };
void command_explain(const struct command_end *end, char text[COMMAND_END_SIZE]);

#endif
