/*
 * Runs a test's command for as long as something moves (movement.h), however slow the machine is:
 *
 *     patience SECONDS COMMAND...
 *
 * Ends with the command's status (128 and the signal's number when one ended it); with 124 when
 * nothing moved for so many seconds, after it has said which processes there were. Nothing that the
 * command has started outlives it: orphans become this process's children.
 */
#include "movement.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_QUIET = 124, STATUS_SIGNAL = 128, STATUS_NOT_RUN = 127 };

/* ---- all below ---- */

static void process_kill(void *context, pid_t pid)
{
	(void)context;
	if (pid != getpid())
		kill(pid, SIGKILL);
}

static void all_end(void)
{
	do
		movement_each(getpid(), process_kill, NULL);
	while (wait(NULL) > 0 || errno == EINTR);
}

static void file_print(pid_t pid, const char *name, char end)
{
	char path[64], text[200];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	FILE *file = fopen(path, "re");
	size_t size = file ? fread(text, 1, sizeof text, file) : 0;
	if (file)
		fclose(file);
	for (size_t i = 0; i < size; i++)
		fputc((unsigned char)text[i] < ' ' ? ' ' : text[i], stderr);
	fputc(end, stderr);
}

/* "  123  sleep 300   (hrtimer_nanosleep)" */
static void process_print(void *context, pid_t pid)
{
	(void)context;
	if (pid == getpid())
		return;
	fprintf(stderr, "  %d  ", (int)pid);
	file_print(pid, "cmdline", '(');
	file_print(pid, "wchan", ')');
	fputc('\n', stderr);
}

static int give_up(const char *reason, char *const *command)
{
	fprintf(stderr, "patience: %s, and it is ended: %s\n", reason, command[0]);
	movement_each(getpid(), process_print, NULL);
	all_end();
	return STATUS_QUIET;
}

/* ---- the command ---- */

static pid_t start(char *const *command, const sigset_t *usual)
{
	char root[32];
	snprintf(root, sizeof root, "%d", (int)getpid());
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	sigprocmask(SIG_SETMASK, usual, NULL);
	setenv(MOVEMENT_ROOT, root, 1);
	execvp(command[0], command);
	fprintf(stderr, "patience: cannot run %s: %s\n", command[0], strerror(errno));
	_exit(STATUS_NOT_RUN);
}

/* Takes in who has ended; true: the command was among them. */
static bool has_ended(pid_t command, int *status)
{
	int how;
	pid_t pid;
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		*status = WIFEXITED(how) ? WEXITSTATUS(how) : STATUS_SIGNAL + WTERMSIG(how);
		return true;
	}
	return false;
}

static int await(pid_t pid, const sigset_t *signals, int quiet_ms, char *const *command)
{
	struct movement movement;
	int status = 0;
	movement_start_below(&movement, getpid(), quiet_ms);
	while (!has_ended(pid, &status)) {
		const struct timespec look = {
		    movement.look_ms / 1000, movement.look_ms % 1000 * 1000000L};
		int signal = sigtimedwait(signals, NULL, &look);
		if (signal > 0 && signal != SIGCHLD) {
			all_end();
			return STATUS_SIGNAL + signal;
		}
		if (!movement_goes_on(&movement))
			return give_up(movement.reason, command);
	}
	all_end();
	return status;
}

int main(int count, char **arguments)
{
	int quiet_s = count > 2 ? atoi(arguments[1]) : 0;
	if (quiet_s <= 0) {
		fprintf(stderr, "usage: patience SECONDS COMMAND...\n");
		return STATUS_NOT_RUN;
	}
	sigset_t signals, usual;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, &usual);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t pid = start(arguments + 2, &usual);
	if (pid < 0) {
		perror("patience");
		return STATUS_NOT_RUN;
	}
	return await(pid, &signals, quiet_s * 1000, arguments + 2);
}
