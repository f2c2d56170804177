#include "enrold/last_run.h"

#include "enrold/disk.h"
#include "enrold/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define LAST_RUN ".head"

enum { MODE_LAST_RUN = 0640, PLACES = 2, PLACE_SIZE = 512 };

/* ---- the file ---- */

/* The turn stands at both ends: a line of which only a part was written shows. */
static bool line_parse(const char *line, struct last_run *head)
{
	uint64_t again = 0;
	int64_t epoch_us;
	*head = (struct last_run){.turn = 0};
	int found = sscanf(line, "%" SCNu64 " %22s %64s %64s %" SCNu64 "\n", &head->turn, head->run,
	    head->sha256, head->chain, &again);
	return found == 5 && again == head->turn && run_id_parse(head->run, &epoch_us) &&
	       strlen(head->sha256) == HASH_TEXT_SIZE && strlen(head->chain) == HASH_TEXT_SIZE;
}

/* Of 0.1.0: the id and a newline. */
static bool id_parse(const char *line, struct last_run *head)
{
	int64_t epoch_us;
	*head = (struct last_run){.turn = 0};
	snprintf(head->run, sizeof head->run, "%.*s", RUN_ID_SIZE, line);
	return run_id_parse(head->run, &epoch_us) && line[RUN_ID_SIZE] == '\n';
}

static struct error last_run_read(int file, struct last_run *head)
{
	char text[PLACES * PLACE_SIZE + 1] = "";
	*head = (struct last_run){.turn = 0};
	ssize_t size = pread(file, text, sizeof text - 1, 0);
	if (size < 0)
		return error_errno("cannot read " LAST_RUN);
	struct last_run found;
	if (!id_parse(text, head)) {
		*head = (struct last_run){.turn = 0};
		memset(head->chain, '0', HASH_TEXT_SIZE);
	}
	for (size_t place = 0; place < PLACES; place++)
		if (line_parse(text + place * PLACE_SIZE, &found) && found.turn > head->turn)
			*head = found;
	return OK;
}

static struct error last_run_write(int file, struct last_run *head)
{
	char line[PLACE_SIZE];
	head->turn++;
	int length = snprintf(line, sizeof line, "%020" PRIu64 " %s %s %s %020" PRIu64 "\n",
	    head->turn, head->run, head->sha256, head->chain, head->turn);
	off_t place = (off_t)(head->turn % PLACES) * PLACE_SIZE;
	if (pwrite(file, line, (size_t)length, place) != length || fdatasync(file) < 0)
		return error_errno("cannot write " LAST_RUN);
	return OK;
}

/* Open and locked; closing it gives the lock back. Made when it is missing. */
static struct error last_run_lock(const struct spool *spool, int *file)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
	bool is_new = false;
	*file = openat(spool->root, LAST_RUN, flags);
	if (*file < 0 && errno == ENOENT) {
		is_new = true;
		*file = openat(spool->root, LAST_RUN, flags | O_CREAT, MODE_LAST_RUN);
	}
	if (*file < 0)
		return error_errno("cannot open " LAST_RUN);
	struct error error = is_new ? disk_sync(spool->root, ".") : OK;
	while (!is_error(&error) && flock(*file, LOCK_EX) < 0)
		if (errno != EINTR)
			error = error_errno("cannot lock " LAST_RUN);
	if (is_error(&error))
		close(*file);
	return error;
}

struct error last_run_find(const struct spool *spool, struct last_run *head)
{
	*head = (struct last_run){.turn = 0};
	int file = openat(spool->root, LAST_RUN, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return errno == ENOENT ? OK : error_errno("cannot open " LAST_RUN);
	struct error error = last_run_read(file, head);
	close(file);
	return error;
}

/* ---- against the ledger ---- */

/* NULL: none. */
static const char *fault_find(const struct last_run *head, const struct ledger_run *row)
{
	if (row->state == RUN_UNKNOWN)
		return "does not know";
	if (row->state < RUN_APPLIED)
		return "knows no end of";
	bool is_same = slice_is(row->summary_sha256, slice_of(head->sha256));
	return *head->sha256 && !is_same ? "has another answer for" : NULL;
}

static struct error known_check(struct lms *lms, const struct last_run *head)
{
	struct ledger_run row = {.state = RUN_UNKNOWN};
	if (*head->run == '\0')
		return OK;
	struct arena *arena = arena_create();
	struct error error = arena ? ledger_find(lms_db(lms), slice_of(head->run), arena, &row)
	                           : error_memory("looking at the ledger");
	const char *fault = is_error(&error) ? NULL : fault_find(head, &row);
	arena_free(arena);
	if (!fault)
		return error;
	return error_config("the database %s run %s, which this spool has answered: it was "
	                    "restored from an older backup, has lost commits, or is another one; "
	                    "see `enrolctl reconcile`",
	    fault, head->run);
}

struct error last_run_check(const struct spool *spool, struct lms *lms)
{
	struct last_run head;
	struct error error = last_run_find(spool, &head);
	return is_error(&error) ? error : known_check(lms, &head);
}

struct error last_run_expect(const struct spool *spool, struct lms *lms, const char *previous)
{
	struct last_run head;
	struct error error = last_run_find(spool, &head);
	if (is_error(&error) || strcmp(head.chain, previous) == 0)
		return error;
	return known_check(lms, &head);
}

/* ---- moving on ---- */

static void last_run_of(const struct ledger_run *run, struct last_run *head)
{
	snprintf(head->run, sizeof head->run, "%.*s", SLICE_ARG(run->run));
	snprintf(head->sha256, sizeof head->sha256, "%.*s", SLICE_ARG(run->summary_sha256));
	summary_find_chain(run->summary, head->chain);
	if (*head->chain == '\0')
		memset(head->chain, '?', HASH_TEXT_SIZE); /* somebody has written there */
}

/* *run "": the ledger has none. */
static struct error newest_find(struct lms *lms, struct last_run *head)
{
	char id[RUN_ID_SIZE + 1] = "";
	struct ledger_run row = {.state = RUN_UNKNOWN};
	struct arena *arena = arena_create();
	struct error error =
	    arena ? ledger_newest(lms_db(lms), id) : error_memory("looking at the ledger");
	*head->run = '\0';
	if (!is_error(&error) && *id)
		error = ledger_find(lms_db(lms), slice_of(id), arena, &row);
	if (!is_error(&error) && *id && row.state < RUN_APPLIED)
		error = error_config("the ledger's chain ends with run %s, which it does not hold: "
		                     "it is damaged, restore it from a backup",
		    id);
	if (!is_error(&error) && *id)
		last_run_of(&row, head);
	arena_free(arena);
	return error;
}

static struct error last_run_move(
    int file, struct lms *lms, const struct ledger_run *run, const char *previous)
{
	struct last_run head;
	struct error error = last_run_read(file, &head);
	if (is_error(&error))
		return error;
	/* Written before, and perhaps not flushed: that may be why it is noted again. */
	if (slice_is(run->summary_sha256, slice_of(head.sha256)))
		return fdatasync(file) < 0 ? error_errno("cannot write " LAST_RUN) : OK;
	bool is_next = strcmp(head.chain, previous) == 0;
	if (!is_next)
		error = known_check(lms, &head);
	if (!is_error(&error) && !is_next)
		error = newest_find(lms, &head);
	if (is_next)
		last_run_of(run, &head);
	return is_error(&error) ? error : last_run_write(file, &head);
}

struct error last_run_note(const struct spool *spool, struct lms *lms, const struct ledger_run *run)
{
	int file;
	char previous[HASH_TEXT_SIZE + 1];
	summary_find_previous(run->summary, previous);
	struct error error = last_run_lock(spool, &file);
	if (is_error(&error))
		return error;
	error = last_run_move(file, lms, run, previous);
	close(file);
	return error;
}

struct error last_run_accept(const struct spool *spool, struct lms *lms)
{
	int file;
	struct last_run head;
	struct error error = last_run_lock(spool, &file);
	if (is_error(&error))
		return error;
	error = last_run_read(file, &head);
	if (!is_error(&error))
		error = newest_find(lms, &head);
	if (!is_error(&error) && *head.run)
		error = last_run_write(file, &head);
	else if (!is_error(&error) && (ftruncate(file, 0) < 0 || fdatasync(file) < 0))
		error = error_errno("cannot empty " LAST_RUN);
	close(file);
	return error;
}
