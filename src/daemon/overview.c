#include "overview.h"

#include "space.h"

#include "enrold/disk.h"
#include "enrold/lms.h"
#include "enrold/log.h"
#include "enrold/names.h"
#include "enrold/notice.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* 30 days; looked at once an hour. */
enum {
	GROWTH_S = 30 * 86400,
	GROWTH_EVERY_MS = 3600000,
	GROWTH_EARLY_MS = 60000,
	GROWTH_EARLY_RUNS = 1000
};

/* The thread's, from being queued until it comes back. */
struct overview_look {
	uv_work_t work;
	struct overview *overview; /* NULL: nobody wants to know any more */
	struct config_file *file;
	const struct spool *spool;
	overview_on_read *on_read;
	void *context;
	bool asks_growth;
	struct checkpoints *checkpoints;
	struct arrivals *arrivals; /* lent, as these */
	struct absences *absences;
	struct error error;    /* of the database */
	bool has_plans;        /* they could be read */
	bool has_folders;      /* they could be looked at */
	struct overview found; /* what was seen of it, and of the disks */
};

/* ---- on the thread ---- */

static struct error nodes_take(struct overview_look *look, struct db *db, struct arena *arena)
{
	struct node *nodes;
	size_t count;
	struct error error = nodes_list(db, arena, &nodes, &count);
	if (is_error(&error) || count == 0)
		return error;
	look->found.nodes = calloc(count, sizeof *look->found.nodes);
	if (!look->found.nodes)
		return error_memory("looking at the other daemons");
	for (size_t i = 0; i < count; i++) {
		struct overview_node *node = &look->found.nodes[i];
		snprintf(node->name, sizeof node->name, "%.*s", SLICE_ARG(nodes[i].name));
		node->beat = nodes[i].beat;
	}
	look->found.nodes_count = count;
	return OK;
}

static struct error holders_take(struct overview_look *look, struct db *db, struct arena *arena)
{
	struct node_feed *feeds;
	size_t count;
	struct error error = nodes_list_feeds(db, arena, &feeds, &count);
	if (is_error(&error) || count == 0)
		return error;
	look->found.holders = calloc(count, sizeof *look->found.holders);
	if (!look->found.holders)
		return error_memory("looking at the other daemons");
	for (size_t i = 0; i < count; i++) {
		struct overview_holder *holder = &look->found.holders[i];
		snprintf(holder->feed, sizeof holder->feed, "%.*s", SLICE_ARG(feeds[i].feed));
		snprintf(holder->node, sizeof holder->node, "%.*s", SLICE_ARG(feeds[i].node));
	}
	look->found.holders_count = count;
	return OK;
}

static struct error growth_take(struct overview_look *look, struct db *db)
{
	struct overview_growth *growth = &look->found.growth;
	struct timespec now;
	char since[RUN_ID_SIZE + 1];
	clock_gettime(CLOCK_REALTIME, &now);
	run_id_format(((int64_t)now.tv_sec - GROWTH_S) * 1000000, since);
	struct ledger_growth sums;
	struct error error = ledger_sum(db, since, &sums);
	*growth = (struct overview_growth){sums.runs, sums.input_bytes, sums.answer_bytes, 0, 0};
	return is_error(&error) ? error : ledger_count(db, &growth->chained);
}

/* Of a moment a little before, so that no file that was done by then is missing: a run notes when
 * it is done before its last commit has ended. */
static struct error arrivals_take(struct overview_look *look, struct db *db)
{
	enum { COMMIT_S = 5 };
	struct overview *found = &look->found;
	int64_t now_s = (int64_t)time(NULL);
	struct error error = arrivals_look(look->arrivals, db, now_s);
	if (!is_error(&error))
		error = arrivals_list(look->arrivals, &found->arrived, &found->arrived_count);
	found->arrived_s = now_s - COMMIT_S;
	return error;
}

static struct error absences_take(struct overview_look *look, struct lms *lms)
{
	struct overview *found = &look->found;
	struct error error = absences_look(
	    look->absences, lms, config_get(look->file), look->arrivals, (int64_t)time(NULL));
	return is_error(&error)
	           ? error
	           : absences_list(look->absences, &found->absent, &found->absent_count);
}

static struct error look_at(struct overview_look *look, struct lms *lms, struct arena *arena)
{
	struct db *db = lms_db(lms);
	bool is_shared = config_is_shared(config_get(look->file));
	struct error error = arrivals_take(look, db);
	if (!is_error(&error))
		error = absences_take(look, lms);
	if (!is_error(&error) && is_shared)
		error = nodes_take(look, db, arena);
	if (!is_error(&error) && is_shared)
		error = holders_take(look, db, arena);
	if (!is_error(&error) && look->asks_growth)
		error = growth_take(look, db);
	return error;
}

static struct overview_disk disk_take(int directory)
{
	struct statvfs status;
	if (directory < 0 || fstatvfs(directory, &status) < 0)
		return (struct overview_disk){0, 0};
	return (struct overview_disk){(uint64_t)status.f_bavail * status.f_frsize,
	    (uint64_t)status.f_blocks * status.f_frsize};
}

static void database_disk_take(struct overview_look *look)
{
	struct stat spool, database;
	char folder[PATH_MAX];
	const struct config *config = config_get(look->file);
	if (!space_database_folder(config, folder))
		return;
	int directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool is_another = directory >= 0 && fstat(directory, &database) == 0 &&
	                  fstat(look->spool->root, &spool) == 0 && spool.st_dev != database.st_dev;
	if (is_another)
		look->found.database_disk = disk_take(directory);
	if (directory >= 0)
		close(directory);
	if (stat(config->lms.url + strlen("sqlite:"), &database) == 0)
		look->found.growth.database_bytes = (uint64_t)database.st_size;
}

/* What cannot be seen for now is as it was. */
static void folders_take(struct overview_look *look, struct arena *arena)
{
	struct error error =
	    arena ? places_find_fault(config_get(look->file), arena, look->found.folders)
	          : error_memory("looking at the folders");
	look->has_folders = !is_error(&error);
}

static void on_work(uv_work_t *work)
{
	struct overview_look *look = work->data;
	struct lms *lms = NULL;
	struct arena *arena = arena_create();
	struct error error = arena ? lms_open(&config_get(look->file)->lms, &lms)
	                           : error_memory("looking at the database");
	if (!is_error(&error))
		error = look_at(look, lms, arena);
	if (!is_error(&error) && look->checkpoints)
		checkpoints_look(
		    look->checkpoints, config_get(look->file), look->spool, lms_db(lms), false);
	look->error = error;
	lms_close(lms);
	folders_take(look, arena);
	arena_free(arena);
	look->found.spool_disk = disk_take(look->spool->root);
	database_disk_take(look);
	error = held_load(look->spool->root, NULL, &look->found.plans);
	look->has_plans = !is_error(&error);
	look->found.held_files = spool_count_files(look->spool->late);
	look->found.quarantine_files = spool_count_files(look->spool->quarantine);
	error =
	    notice_count(look->spool->root, &look->found.notices, &look->found.notices_oldest_s);
	(void)error; /* whoever writes there says what is wrong */
}

/* ---- on the loop ---- */

static int64_t now_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

static void look_free(struct overview_look *look)
{
	free(look->found.nodes);
	free(look->found.holders);
	free(look->found.arrived);
	free(look->found.absent);
	held_free(&look->found.plans);
	arrivals_free(look->arrivals);
	absences_free(look->absences);
	config_free(look->file);
	free(look);
}

/* Alive is who has moved since we looked the last time. */
static void beats_compare(const struct overview *overview, struct overview *found)
{
	for (size_t i = 0; i < found->nodes_count; i++) {
		struct overview_node *node = &found->nodes[i];
		node->beat_ms = now_ms();
		for (size_t j = 0; j < overview->nodes_count; j++) {
			const struct overview_node *before = &overview->nodes[j];
			if (strcmp(before->name, node->name) == 0 && before->beat == node->beat)
				node->beat_ms = before->beat_ms;
		}
	}
}

static void database_take(struct overview *overview, struct overview_look *look)
{
	struct overview *found = &look->found;
	uint64_t bytes = found->growth.database_bytes;
	beats_compare(overview, found);
	free(overview->nodes);
	free(overview->holders);
	overview->nodes = found->nodes;
	overview->nodes_count = found->nodes_count;
	overview->holders = found->holders;
	overview->holders_count = found->holders_count;
	free(overview->arrived);
	overview->arrived = found->arrived;
	overview->arrived_count = found->arrived_count;
	overview->arrived_s = found->arrived_s;
	free(overview->absent);
	overview->absent = found->absent;
	overview->absent_count = found->absent_count;
	found->absent = NULL;
	found->nodes = NULL;
	found->holders = NULL;
	found->arrived = NULL;
	if (look->asks_growth) {
		overview->growth = found->growth;
		overview->growth_ms = now_ms();
	}
	overview->growth.database_bytes = bytes;
}

/* The daemon has no right to mend it, and says so once. */
static void folders_tell(struct overview *overview, const char *found)
{
	if (strcmp(overview->folders, found) == 0)
		return;
	if (*found)
		log_event(LOG_WARNING, "folders_differ", NULL,
		    "%s: who drops files there, or reads the answers, may be kept out, or see too "
		    "much: sudo enrolctl check --fix",
		    found);
	else
		log_event(LOG_INFO, "folders_right", NULL,
		    "the folders of who drops files are as drop_group needs them");
	memcpy(overview->folders, found, sizeof overview->folders);
}

static void look_take(struct overview *overview, struct overview_look *look)
{
	bool is_up = !is_error(&look->error);
	if (!overview->is_known || overview->is_up != is_up)
		overview->since_s = (int64_t)time(NULL);
	overview->is_known = true;
	overview->is_up = is_up;
	snprintf(overview->why, sizeof overview->why, "%s", is_up ? "" : look->error.text);
	if (is_up)
		database_take(overview, look);
	overview->spool_disk = look->found.spool_disk;
	overview->database_disk = look->found.database_disk;
	if (look->has_plans) {
		held_free(&overview->plans);
		overview->plans = look->found.plans;
		look->found.plans = (struct held_plans){0};
	}
	if (look->has_folders)
		folders_tell(overview, look->found.folders);
	overview->held_files = look->found.held_files;
	overview->quarantine_files = look->found.quarantine_files;
	overview->notices = look->found.notices;
	overview->notices_oldest_s = look->found.notices_oldest_s;
}

static void on_worked(uv_work_t *work, int status)
{
	struct overview_look *look = work->data;
	struct overview *overview = look->overview;
	(void)status; /* it is never cancelled */
	if (overview) {
		look_take(overview, look);
		overview->look = NULL;
		overview->arrivals = look->arrivals;
		overview->absences = look->absences;
		look->arrivals = NULL;
		look->absences = NULL;
		look->on_read(look->context);
	}
	look_free(look);
}

/* What has only begun grows at once: from nothing, or nearly so, it is worth a look. */
static int64_t growth_every_ms(const struct overview *overview)
{
	return overview->growth.runs < GROWTH_EARLY_RUNS ? GROWTH_EARLY_MS : GROWTH_EVERY_MS;
}

void overview_ask(struct overview *overview, uv_loop_t *loop, struct config_file *file,
    const struct spool *spool, overview_on_read *on_read, void *context)
{
	if (overview->look)
		return;
	if (!overview->arrivals)
		overview->arrivals = arrivals_create();
	if (!overview->absences)
		overview->absences = absences_create();
	struct overview_look *look =
	    overview->arrivals && overview->absences ? calloc(1, sizeof *look) : NULL;
	if (!look)
		return; /* another time */
	*look = (struct overview_look){.work.data = look,
	    .overview = overview,
	    .file = config_hold(file),
	    .spool = spool,
	    .checkpoints = overview->checkpoints,
	    .arrivals = overview->arrivals,
	    .absences = overview->absences,
	    .asks_growth = overview->growth_ms == 0 ||
	                   now_ms() - overview->growth_ms >= growth_every_ms(overview),
	    .on_read = on_read,
	    .context = context};
	if (uv_queue_work(loop, &look->work, on_work, on_worked) < 0) {
		look->arrivals = NULL;
		look->absences = NULL;
		look_free(look);
		return;
	}
	overview->arrivals = NULL;
	overview->absences = NULL;
	overview->look = look;
}

void overview_stop(struct overview *overview)
{
	if (overview->look)
		overview->look->overview = NULL;
	overview->look = NULL;
}

void overview_done(struct overview *overview)
{
	free(overview->nodes);
	free(overview->holders);
	free(overview->arrived);
	free(overview->absent);
	held_free(&overview->plans);
	arrivals_free(overview->arrivals);
	absences_free(overview->absences);
	*overview = (struct overview){0};
}

const struct arrival *overview_arrival(const struct overview *overview, const char *feed)
{
	return arrival_find(overview->arrived, overview->arrived_count, feed);
}

const struct absence_standing *overview_absence(const struct overview *overview, const char *feed)
{
	return absence_standing_find(overview->absent, overview->absent_count, feed);
}

const char *overview_holder(const struct overview *overview, const char *feed)
{
	for (size_t i = 0; i < overview->holders_count; i++)
		if (strcmp(overview->holders[i].feed, feed) == 0)
			return overview->holders[i].node;
	return "";
}
