#include "enrold/lost.h"

#include "enrold/disk.h"
#include "enrold/ending.h"
#include "enrold/hash.h"
#include "enrold/ledger.h"
#include "enrold/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PLACE_SIZE = 512 };

struct search {
	const struct spool *spool;
	struct arena *arena;
	struct arena *file; /* reset with each */
	struct lost *all;
	size_t count, room;
	struct error error; /* the first */
};

static const char *keep(struct search *search, const char *text)
{
	return arena_copy(search->arena, slice_of(text)).bytes;
}

static struct lost *add(struct search *search, const char run[RUN_ID_SIZE + 1])
{
	if (search->count == search->room) {
		search->room = search->room > 0 ? search->room * 2 : 64;
		struct lost *grown = reallocarray(search->all, search->room, sizeof *grown);
		if (!grown) {
			search->error = error_memory("looking for answers");
			return NULL;
		}
		search->all = grown;
	}
	struct lost *lost = &search->all[search->count++];
	*lost = (struct lost){.feed = "", .file = "", .summary = "", .input = "", .found = ""};
	memcpy(lost->run, run, RUN_ID_SIZE);
	return lost;
}

static int by_run(const void *a, const void *b)
{
	const struct lost *x = a, *y = b;
	int order = strcmp(x->run, y->run);
	return order != 0 ? order : strcmp(y->sha256, x->sha256); /* with a summary first */
}

/* ---- every entry of a directory, and of those below it ---- */

typedef void visit(struct search *search, int directory, const char *place, const char *name);

static void walk(struct search *search, int at, const char *place, int depth, visit *see);

static void entry_visit(
    struct search *search, int at, const char *place, const char *name, int depth, visit *see)
{
	char below[PLACE_SIZE];
	struct stat stat;
	if (*name == '.' || fstatat(at, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISREG(stat.st_mode))
		see(search, at, place, name);
	if (!S_ISDIR(stat.st_mode) || depth == 0 ||
	    snprintf(below, sizeof below, "%s/%s", place, name) >= PLACE_SIZE)
		return;
	int directory = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0) {
		search->error = error_errno("cannot open %s", below);
		return;
	}
	walk(search, directory, below, depth - 1, see);
	close(directory);
}

static void walk(struct search *search, int at, const char *place, int depth, visit *see)
{
	DIR *listing = disk_list(at);
	if (!listing) {
		search->error = error_errno("cannot list %s", place);
		return;
	}
	const struct dirent *entry;
	for (errno = 0; !is_error(&search->error) && (entry = readdir(listing)); errno = 0)
		entry_visit(search, at, place, entry->d_name, depth, see);
	if (errno != 0 && !is_error(&search->error))
		search->error = error_errno("cannot list %s", place);
	closedir(listing);
}

/* ---- what has been answered ---- */

static void summary_see(struct search *search, int directory, const char *place, const char *name)
{
	char run[RUN_ID_SIZE + 1];
	struct slice text;
	if (!name_find_answer(name, ".summary.json", run))
		return;
	struct lost *lost = add(search, run);
	if (!lost)
		return;
	const char *feed = strchr(place, '/');
	lost->feed = feed ? keep(search, feed + 1) : "default";
	lost->summary = keep(search, name);
	arena_reset(search->file); /* an outbox may hold the answers of years */
	struct error error = disk_load(directory, name, search->file, &text);
	if (!is_error(&error))
		error = hash_text(text, lost->sha256);
	if (is_error(&error))
		search->error = error;
}

static void input_see(struct search *search, int directory, const char *place, const char *name)
{
	char run[RUN_ID_SIZE + 1], path[PLACE_SIZE + 256];
	(void)directory;
	if (!name_find_input(name, run))
		return;
	struct lost *lost = add(search, run);
	if (!lost)
		return;
	snprintf(path, sizeof path, "%s/%s", place, name);
	lost->input = keep(search, path);
	/* The stem may have been cut. */
	const char *ending = ending_find(name);
	snprintf(path, sizeof path, "%.*s%s", (int)(ending - name) - RUN_ID_SIZE - 1, name, ending);
	lost->file = keep(search, path);
}

/* In held/ itself lies what came late. */
static void held_see(struct search *search, int directory, const char *place, const char *name)
{
	if (strchr(place, '/'))
		input_see(search, directory, place, name);
}

/* A summary and the input of the same run become one. */
static void pair(struct search *search)
{
	size_t kept = 0;
	if (search->count > 1)
		qsort(search->all, search->count, sizeof *search->all, by_run);
	for (size_t i = 0; i < search->count; i++) {
		struct lost *last = kept > 0 ? &search->all[kept - 1] : NULL;
		const struct lost *next = &search->all[i];
		if (!last || strcmp(last->run, next->run) != 0) {
			search->all[kept++] = *next;
			continue;
		}
		if (*last->input == '\0') {
			last->input = next->input;
			last->file = next->file;
		}
	}
	search->count = kept;
}

/* ---- what of it is lost ---- */

static int end_compare(const void *key, const void *member)
{
	const struct ledger_end *end = member;
	return strcmp(key, end->run);
}

static bool is_held(const struct lost *lost, const struct ledger_end *ends, size_t count)
{
	const struct ledger_end *end =
	    count > 0 ? bsearch(lost->run, ends, count, sizeof *ends, end_compare) : NULL;
	return end && (*lost->sha256 == '\0' || strcmp(lost->sha256, end->summary_sha256) == 0);
}

/* Nothing was changed: a rehearsal, or ended before its first row. *kept: of a run that ended where
 * it was, how many rows had been applied; -1: it came to its end. */
static bool is_harmless(struct search *search, struct lost *lost, int64_t *kept)
{
	struct slice text = {NULL, 0};
	int outbox;
	*kept = -1;
	arena_reset(search->file);
	if (*lost->summary == '\0')
		return false;
	struct error error = spool_open_outbox(search->spool, lost->feed, &outbox);
	if (!is_error(&error)) {
		error = disk_load(outbox, lost->summary, search->file, &text);
		close(outbox);
	}
	if (is_error(&error)) {
		search->error = error;
		return false;
	}
	json_t *summary = text.bytes ? json_loadb(text.bytes, text.size, 0, NULL) : NULL;
	const char *mode = "", *status = "", *name = "";
	json_int_t rows = 1;
	(void)json_unpack(summary, "{s:s, s:s, s:{s:s}, s:I}", "mode", &mode, "status", &status,
	    "input", "name", &name, "rows", &rows);
	if (*name)
		lost->file = keep(search, name);
	if (strcmp(status, "done") != 0)
		*kept = rows;
	bool is = strcmp(mode, "preview") == 0 || *kept == 0;
	json_decref(summary);
	return is;
}

/* *is_lost false: the database has all that was applied, and only does not know that it was to be
 * all. */
static struct error ledger_ask(
    struct search *search, struct lms *lms, struct lost *lost, int64_t kept, bool *is_lost)
{
	struct ledger_run row;
	struct error error = ledger_find(lms_db(lms), slice_of(lost->run), search->file, &row);
	lost->found = row.state == RUN_UNKNOWN   ? "nothing"
	              : row.state == RUN_RUNNING ? "unfinished"
	                                         : "another answer";
	*is_lost = row.state != RUN_RUNNING || (int64_t)row.records != kept;
	return error;
}

static struct error sift(struct search *search, struct lms *lms)
{
	struct ledger_end *ends;
	size_t ends_count, kept = 0;
	struct error error = ledger_ends(lms_db(lms), &ends, &ends_count);
	for (size_t i = 0; i < search->count && !is_error(&error); i++) {
		struct lost lost = search->all[i];
		int64_t rows;
		bool is_lost = true;
		if (is_held(&lost, ends, ends_count))
			continue;
		lost.is_harmless = is_harmless(search, &lost, &rows);
		error = is_error(&search->error) ? search->error
		                                 : ledger_ask(search, lms, &lost, rows, &is_lost);
		lost.is_harmless |= !is_lost;
		search->all[kept++] = lost;
	}
	search->count = kept;
	free(ends);
	return error;
}

struct error lost_find(const struct spool *spool, struct lms *lms, struct arena *arena,
    struct lost **lost, size_t *count)
{
	struct search search = {
	    .spool = spool, .arena = arena, .file = arena_create(), .error = OK};
	if (!search.file)
		return error_memory("looking for answers");
	/* The ledger is asked last, when it has all that was published: otherwise a daemon that
	 * shares the spool would seem to have lost what it answers meanwhile. */
	walk(&search, spool->outbox, "outbox", 1, summary_see);
	if (!is_error(&search.error))
		walk(&search, spool->archive, "archive", 3, input_see);
	if (!is_error(&search.error))
		walk(&search, spool->late, "held", 1, held_see);
	struct error error = search.error;
	if (!is_error(&error)) {
		pair(&search);
		error = sift(&search, lms);
	}
	*count = search.count;
	*lost = arena_alloc(arena, (search.count + 1) * sizeof **lost);
	if (*lost && search.count > 0)
		memcpy(*lost, search.all, search.count * sizeof **lost);
	if (!is_error(&error) && arena_has_failed(arena))
		error = error_memory("looking for answers");
	arena_free(search.file);
	free(search.all);
	return error;
}
