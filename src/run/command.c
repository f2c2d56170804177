#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINES_MAX = 200, LINE_SIZE = 1024, GRACE_MS = 5000, LOOK_MS = 200, CLOSED_MS = 20 };

struct child {
	const struct command *command;
	pid_t pid;
	int output;
	char line[LINE_SIZE];
	size_t size, lines;
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what it says ---- */

static void line_tell(struct child *child)
{
	child->line[child->size] = '\0';
	child->size = 0;
	if (child->lines++ < LINES_MAX)
		child->command->on_line(child->command->context, child->line);
}

/* False at its end. */
static bool output_read(struct child *child)
{
	char bytes[4096];
	ssize_t size = read(child->output, bytes, sizeof bytes);
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	for (ssize_t i = 0; i < size; i++) {
		if (bytes[i] != '\n')
			child->line[child->size++] = bytes[i];
		if (bytes[i] == '\n' || child->size + 1 == sizeof child->line)
			line_tell(child);
	}
	return size > 0;
}

/* ---- starting it ---- */

static int spawn(struct child *child, int output)
{
	const struct command *command = child->command;
	char *argv[COMMAND_ARGUMENTS_MAX + 1] = {NULL};
	for (size_t i = 0; i < command->words->count && i < COMMAND_ARGUMENTS_MAX; i++)
		argv[i] = (char *)command->words->items[i];
	if (!argv[0])
		return EINVAL;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	if (command->input < 0)
		posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&files, command->input, 0);
	posix_spawn_file_actions_adddup2(&files, output, 1);
	posix_spawn_file_actions_adddup2(&files, output, 2);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	int failed =
	    posix_spawn(&child->pid, argv[0], &files, &attributes, argv, command->environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static int child_start(struct child *child)
{
	int ends[2];
	int failed = pipe2(ends, O_CLOEXEC) < 0 ? errno : 0;
	if (failed != 0)
		return failed;
	failed = spawn(child, ends[1]);
	close(ends[1]);
	child->output = ends[0];
	if (failed != 0)
		close(ends[0]);
	return failed;
}

/* ---- its end ---- */

static bool is_over(const struct command *command, int64_t until, struct command_end *end)
{
	bool is_stopping = command->is_stopping && atomic_load(command->is_stopping);
	if (now_ms() < until && (!is_stopping || end->is_stopped))
		return false;
	if (!end->is_late && !end->is_stopped) {
		end->is_stopped = is_stopping;
		end->is_late = !is_stopping;
	}
	return true;
}

/* What it started and left behind may hold its output open: its own end is enough. */
static void child_await(struct child *child, struct command_end *end)
{
	const struct command *command = child->command;
	int64_t until = now_ms() + command->timeout_ms;
	int number = 0;
	bool is_open = true;
	for (pid_t ended = 0; ended == 0;) {
		struct pollfd polled = {child->output, POLLIN, 0};
		/* Who has closed its output is about to end, as a rule. */
		if (poll(&polled, is_open, is_open ? LOOK_MS : CLOSED_MS) > 0)
			is_open = output_read(child);
		if (command->progress)
			atomic_fetch_add(command->progress, 1);
		ended = waitpid(child->pid, &end->status, WNOHANG);
		if (ended == 0 && is_over(command, until, end)) {
			number = number == 0 ? SIGTERM : SIGKILL;
			kill(-child->pid, number);
			until = now_ms() + GRACE_MS;
		}
	}
	struct pollfd polled = {child->output, POLLIN, 0};
	while (is_open && poll(&polled, 1, 0) > 0 && output_read(child))
		continue;
	if (child->size > 0)
		line_tell(child);
}

void command_run(const struct command *command, struct command_end *end)
{
	struct child child = {.command = command};
	*end = (struct command_end){.failed = child_start(&child)};
	if (end->failed != 0)
		return;
	child_await(&child, end);
	close(child.output);
}

void command_explain(const struct command_end *end, char text[COMMAND_END_SIZE])
{
	char words[96];
	if (end->failed != 0)
		snprintf(text, COMMAND_END_SIZE, "cannot be started: %s",
		    strerror_r(end->failed, words, sizeof words));
	else if (end->is_stopped)
		snprintf(text, COMMAND_END_SIZE, "was ended, since enrold stops");
	else if (end->is_late)
		snprintf(text, COMMAND_END_SIZE, "took too long and was ended");
	else if (WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0)
		*text = '\0';
	else
		snprintf(text, COMMAND_END_SIZE, "ended with %s %d",
		    WIFEXITED(end->status) ? "status" : "signal",
		    WIFEXITED(end->status) ? WEXITSTATUS(end->status) : WTERMSIG(end->status));
}
