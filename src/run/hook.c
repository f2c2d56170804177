#include "hook.h"

#include "enrold/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 32, LINES_MAX = 200, LINE_SIZE = 1024, GRACE_MS = 5000, LOOK_MS = 200 };

struct hook {
	const struct run *run;
	const struct policy *policy;
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

static json_t *about(const struct hook *hook)
{
	return json_pack("{s:s, s:s}", "run", hook->run->id, "feed", hook->run->row.feed.bytes);
}

/* ---- what it says ---- */

static void line_tell(struct hook *hook)
{
	hook->line[hook->size] = '\0';
	hook->size = 0;
	if (hook->lines++ >= LINES_MAX)
		return;
	json_t *fields = about(hook);
	json_object_set_new(fields, "output", log_text(hook->line));
	log_event(LOG_INFO, "after_run_says", fields, "a line from after_run");
}

/* False at its end. */
static bool output_read(struct hook *hook)
{
	char bytes[4096];
	ssize_t size = read(hook->output, bytes, sizeof bytes);
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	for (ssize_t i = 0; i < size; i++) {
		if (bytes[i] != '\n')
			hook->line[hook->size++] = bytes[i];
		if (bytes[i] == '\n' || hook->size + 1 == sizeof hook->line)
			line_tell(hook);
	}
	return size > 0;
}

/* ---- starting it ---- */

static struct slice summary_path(const struct run *run)
{
	char name[FILE_NAME_SIZE];
	bool is_default = strcmp(run->row.feed.bytes, "default") == 0;
	run_name(run, ".summary.json", name);
	return arena_print(run->arena, "ENROLD_SUMMARY=%s/outbox%s%s/%s",
	    run->runner->shared->config->spool, is_default ? "" : "/",
	    is_default ? "" : run->row.feed.bytes, name);
}

static int spawn(struct hook *hook, int output)
{
	const struct text_list *words = &hook->policy->after_run;
	struct arena *arena = hook->run->arena;
	char *argv[ARGUMENTS_MAX + 1] = {NULL};
	for (size_t i = 0; i < words->count; i++)
		argv[i] = (char *)words->items[i];
	enum run_state state = hook->run->row.state;
	const char *status = state == RUN_REFUSED     ? "refused"
	                     : state == RUN_DISCARDED ? "discarded"
	                                              : "done";
	char *environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
	    (char *)arena_print(arena, "ENROLD_STATUS=%s", status).bytes,
	    (char *)arena_print(arena, "ENROLD_RUN=%s", hook->run->id).bytes,
	    (char *)arena_print(arena, "ENROLD_FEED=%s", hook->run->row.feed.bytes).bytes,
	    (char *)summary_path(hook->run).bytes, NULL};
	if (arena_has_failed(arena))
		return ENOMEM;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, 1);
	posix_spawn_file_actions_adddup2(&files, output, 2);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	int failed = posix_spawn(&hook->pid, argv[0], &files, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static bool hook_start(struct hook *hook)
{
	int ends[2];
	int failed = pipe2(ends, O_CLOEXEC) < 0 ? errno : 0;
	if (failed == 0) {
		failed = spawn(hook, ends[1]);
		close(ends[1]);
		hook->output = ends[0];
		if (failed != 0)
			close(ends[0]);
	}
	if (failed != 0)
		log_event(LOG_ERROR, "after_run_failed", about(hook),
		    "after_run cannot start %s: %s", hook->policy->after_run.items[0],
		    strerror(failed));
	return failed == 0;
}

/* ---- its end ---- */

/* What it started and left behind may hold its output open: its own end is enough. */
static int hook_await(struct hook *hook, int *ended_by)
{
	int64_t until = now_ms() + hook->policy->after_run_timeout_ms;
	int status = 0;
	bool is_open = true;
	for (pid_t ended = 0; ended == 0;) {
		struct pollfd polled = {hook->output, POLLIN, 0};
		if (poll(&polled, is_open, LOOK_MS) > 0)
			is_open = output_read(hook);
		atomic_fetch_add(hook->run->runner->shared->progress, 1);
		ended = waitpid(hook->pid, &status, WNOHANG);
		if (ended == 0 && now_ms() >= until) {
			*ended_by = *ended_by == 0 ? SIGTERM : SIGKILL;
			kill(-hook->pid, *ended_by);
			until = now_ms() + GRACE_MS;
		}
	}
	struct pollfd polled = {hook->output, POLLIN, 0};
	while (is_open && poll(&polled, 1, 0) > 0 && output_read(hook))
		continue;
	if (hook->size > 0)
		line_tell(hook);
	return status;
}

static void end_tell(const struct hook *hook, int status, int ended_by)
{
	json_t *fields = about(hook);
	if (WIFEXITED(status))
		json_object_set_new(fields, "status", json_integer(WEXITSTATUS(status)));
	if (ended_by != 0)
		log_event(LOG_ERROR, "after_run_failed", fields,
		    "after_run took longer than after_run_timeout and was ended");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		log_event(LOG_INFO, "after_run_done", fields, "after_run has done its work");
	else
		log_event(LOG_ERROR, "after_run_failed", fields, "after_run ended with %s %d",
		    WIFEXITED(status) ? "status" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

void hook_run(const struct run *run)
{
	/* Read from the configuration, never from the ledger: only its owner says what runs
	 * here. */
	const struct feed *feed =
	    config_find_feed(run->runner->shared->config, run->row.feed.bytes);
	if (!feed || feed->policy.after_run.count == 0 || run->lane.is_preview)
		return;
	struct hook hook = {.run = run, .policy = &feed->policy};
	if (!hook_start(&hook))
		return;
	int ended_by = 0;
	int status = hook_await(&hook, &ended_by);
	close(hook.output);
	end_tell(&hook, status, ended_by);
}
