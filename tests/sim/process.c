#include "process.h"

#include "disk.h"
#include "fake_lms.h"
#include "fatal.h"
#include "fate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 256, SECOND = 1000 * 1000 };

struct process process;

void process_prepare(unsigned int seed, const char *feeds)
{
	static const char config[] = "spool: %s\nnode: n\nsettle: 0\nrescan: 5s\n"
	                             "lms: { url: \"sqlite:/nowhere\" }\nfeeds:\n%s";
	const char *temporary = getenv("TMPDIR");
	fate = (struct fate){.seed = seed,
	    .is_paused = true,
	    .now_us = INT64_C(1790000000) * SECOND,
	    .monotonic_us = INT64_C(1000) * SECOND};
	process.root = path_of("%s/enrold-sim-XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(process.root.text))
		fatal("cannot make %s", process.root.text);
	process.spool_path = path_of("%s/spool", process.root.text);
	process.config_path = path_of("%s/enrold.yaml", process.root.text);
	files_make_directory(path_of("%s/inbox/hr", process.spool_path.text).text);
	files_make_directory(path_of("%s/inbox/preview", process.spool_path.text).text);
	struct buffer text = {0};
	buffer_print(&text, config, process.spool_path.text, feeds);
	files_write(process.config_path.text, text.bytes, text.size, 0640);
	buffer_done(&text);
	struct error error = config_load(process.config_path.text, &process.file);
	if (is_error(&error))
		fatal("%s", error.text);
	process.descriptors = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(process.descriptors);
}

void process_start(void)
{
	const struct config *config = config_get(process.file);
	run_ids_init(&process.ids);
	turnstile_init(&process.turnstile);
	atomic_store(&process.is_stopping, false);
	process.surroundings = (struct run_surroundings){.config = config,
	    .spool = &process.spool,
	    .ids = &process.ids,
	    .turnstile = &process.turnstile,
	    .pace = &process.pace,
	    .is_stopping = &process.is_stopping,
	    .is_crowded = &process.is_crowded,
	    .progress = &process.progress};
	char zone[ZONE_SIZE];
	struct lms *opened = NULL;
	struct error error = spool_open(config, &process.spool);
	if (is_error(&error))
		return;
	error = spool_open_feeds(config, &process.spool);
	if (!is_error(&error))
		error = startup_site(&process.spool, config, &process.ids, zone, &opened);
	lms_close(opened);
	if (!is_error(&error))
		error = feeds_create(config, &process.spool, &process.feeds);
	if (!is_error(&error))
		error = startup_runs(&process.spool, &process.ids, process.feeds);
	process.runner = is_error(&error) ? NULL : runner_create(&process.surroundings);
	if (process.runner) {
		process.is_alive = true;
		return;
	}
	feeds_free(process.feeds);
	process.feeds = NULL;
	spool_close(&process.spool);
}

void process_stop(void)
{
	runner_free(process.runner);
	feeds_free(process.feeds);
	spool_close(&process.spool);
	process.runner = NULL;
	process.feeds = NULL;
	process.is_alive = false;
}

/* What the kernel does when a process is gone. Its memory is this life's loss. */
static void bury(void)
{
	for (int file = process.descriptors; file < DESCRIPTORS_MAX; file++)
		close(file);
	fake_lms_abandon();
	process.runner = NULL;
	process.feeds = NULL;
	process.is_alive = false;
	if (fate.death == DEATH_POWER) {
		disk_lose_power();
		fate.cuts++;
	}
}

static void orders_hear(void)
{
	struct orders orders;
	struct error error = orders_load(process.spool.orders, &orders);
	if (!is_error(&error))
		feeds_take_orders(process.feeds, &orders);
}

/* Each in its turn, as the daemon's own loop hears of them. */
static void files_run(struct job *job, int64_t now_ms)
{
	struct job one = *job;
	run_files(process.runner, &job->lane, job->files, job->files_count);
	for (size_t i = 0; i < job->files_count; i++) {
		memcpy(one.name, job->files[i].name, sizeof one.name);
		one.report = job->files[i].report;
		feeds_done(process.feeds, &one, now_ms);
	}
	free(job->files);
}

bool process_turn(void)
{
	struct job job;
	int64_t now_ms = fate.monotonic_us / 1000;
	if (process.hears)
		orders_hear();
	feeds_scan(process.feeds, NULL, now_ms);
	atomic_store(&process.is_crowded, fate_draw(2));
	if (!feeds_next(process.feeds, now_ms, JOB_WHOLE, &job))
		return false;
	feeds_join(process.feeds, &job);
	if (job.files) {
		files_run(&job, now_ms);
		return true;
	}
	if (*job.run)
		run_continue(process.runner, job.run, job.is_last_try, &job.report);
	else if (job.has_order)
		run_order(process.runner, &job.lane, job.order, job.subject, &job.report);
	else if (job.is_due)
		run_due(process.runner, &job.lane, &job.report);
	else
		run_file(process.runner, &job.lane, job.name, job.weight == JOB_SHORT, &job.report);
	feeds_done(process.feeds, &job, now_ms);
	return true;
}

void process_act(void (*action)(void))
{
	static jmp_buf grave;
	fate.grave = &grave;
	fate.is_paused = false;
	bool has_died = setjmp(grave);
	if (!has_died)
		action();
	fate.is_paused = true;
	if (has_died)
		bury();
	fate.death = DEATH_NONE;
}
