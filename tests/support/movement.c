#include "movement.h"

#include "moment.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOKS_MIN = 10, BUSY_PERCENT = 5, NEVER = -1 };

struct look {
	int64_t ticks;
	bool is_busy;
};

/* A process's or a thread's; false: it is gone. Ticks: its own, and those of children that ended.
 */
static bool stat_read(const char *path, char *state, long *own, long *ended)
{
	char line[1024];
	long times[4] = {0};
	FILE *file = fopen(path, "re");
	const char *behind = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
	if (file)
		fclose(file);
	if (!behind ||
	    sscanf(behind, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld", state,
	        &times[0], &times[1], &times[2], &times[3]) != 5)
		return false;
	*own = times[0] + times[1];
	*ended = times[2] + times[3];
	return true;
}

/* ---- processes ---- */

struct each {
	void (*on_process)(void *context, pid_t pid);
	void *context;
};

static void each_visit(const struct each *each, pid_t pid);

static void children_visit(const struct each *each, pid_t pid, const char *thread)
{
	char path[64];
	int child;
	snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", (int)pid, thread);
	FILE *file = fopen(path, "re");
	while (file && fscanf(file, "%d", &child) == 1)
		each_visit(each, child);
	if (file)
		fclose(file);
}

static DIR *threads_open(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	return opendir(path);
}

static void each_visit(const struct each *each, pid_t pid)
{
	DIR *threads = threads_open(pid);
	struct dirent *thread;
	each->on_process(each->context, pid);
	while (threads && (thread = readdir(threads)))
		if (thread->d_name[0] != '.')
			children_visit(each, pid, thread->d_name);
	if (threads)
		closedir(threads);
}

void movement_each(pid_t root, void (*on_process)(void *context, pid_t pid), void *context)
{
	const struct each each = {on_process, context};
	each_visit(&each, root);
}

/* ---- looks ---- */

static bool threads_are_busy(pid_t pid)
{
	DIR *threads = threads_open(pid);
	struct dirent *thread;
	char path[64], state = 0;
	long own, ended;
	bool is_busy = false;
	while (threads && !is_busy && (thread = readdir(threads))) {
		snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", (int)pid, thread->d_name);
		is_busy = thread->d_name[0] != '.' && stat_read(path, &state, &own, &ended) &&
		          (state == 'R' || state == 'D');
	}
	if (threads)
		closedir(threads);
	return is_busy;
}

static void process_status(void *context, pid_t pid)
{
	struct look *look = context;
	char path[64], state;
	long own = 0, ended = 0;
	bool is_me = pid == getpid();
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (stat_read(path, &state, &own, &ended))
		look->ticks += ended + (is_me ? 0 : own);
	if (!is_me && !look->is_busy)
		look->is_busy = threads_are_busy(pid);
}

/* Processor's time of all below the root. */
static int64_t look(const struct movement *movement, bool *is_busy)
{
	struct look look = {0};
	movement_each(movement->root, process_status, &look);
	*is_busy = look.is_busy;
	return look.ticks * 1000 / sysconf(_SC_CLK_TCK);
}

void movement_start_below(struct movement *movement, pid_t root, int quiet_ms)
{
	int look_ms = quiet_ms / LOOKS_MIN;
	*movement = (struct movement){.root = root,
	    .look_ms = look_ms < MOVEMENT_LOOK_MS ? look_ms : MOVEMENT_LOOK_MS,
	    .start_ms = NEVER};
	movement->looks_max = quiet_ms / movement->look_ms;
	movement->next_ms = moment_now_ms() + movement->look_ms;
}

void movement_start(struct movement *movement, int quiet_ms)
{
	const char *root = getenv(MOVEMENT_ROOT);
	movement_start_below(movement, root ? atoi(root) : getpid(), quiet_ms);
}

/* At the end of a period. */
static void period_judge(struct movement *movement, int64_t cpu_ms)
{
	int quiet_ms = movement->look_ms * movement->looks_max;
	int64_t used_ms = cpu_ms - movement->start_ms;
	bool is_quiet = cpu_ms - movement->cpu_ms < quiet_ms * BUSY_PERCENT / 100 &&
	                movement->busy * 2 < movement->looks;
	if (is_quiet)
		snprintf(movement->reason, sizeof movement->reason, "nothing moved for %g s",
		    quiet_ms / 1000.0);
	else if (used_ms > MOVEMENT_CPU_MS)
		snprintf(movement->reason, sizeof movement->reason, "it has computed for %lld s",
		    (long long)used_ms / 1000);
}

static void period_begin(struct movement *movement, int64_t cpu_ms)
{
	movement->cpu_ms = cpu_ms;
	movement->looks = movement->busy = 0;
}

void movement_see(struct movement *movement)
{
	movement->was_seen = true;
}

bool movement_goes_on(struct movement *movement)
{
	bool is_busy, is_first = movement->start_ms == NEVER; /* most waits are over before it */
	int64_t now_ms = moment_now_ms();
	if (movement->reason[0] || now_ms < movement->next_ms)
		return !movement->reason[0];
	movement->next_ms = now_ms + movement->look_ms;
	int64_t cpu_ms = look(movement, &is_busy);
	if (is_first)
		movement->start_ms = cpu_ms;
	movement->busy += is_busy || movement->was_seen;
	movement->was_seen = false;
	bool is_over = ++movement->looks >= movement->looks_max;
	if (is_over)
		period_judge(movement, cpu_ms);
	if (is_first || is_over)
		period_begin(movement, cpu_ms);
	return !movement->reason[0];
}

int movement_poll(struct movement *movement, struct pollfd *polled, size_t count)
{
	do {
		int told = poll(polled, count, movement->look_ms);
		if (told > 0)
			return told;
	} while (movement_goes_on(movement));
	return 0;
}

bool movement_pause(struct movement *movement)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	nanosleep(&pause, NULL);
	return movement_goes_on(movement);
}
