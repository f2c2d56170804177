#include "absence.h"

#include "enrold/disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

bool absence_is_told(const struct config *config, const struct policy *policy)
{
	bool is_told = policy_tells_absence(policy);
	for (size_t i = 0; i < config->feeds_count && !is_told; i++)
		is_told = policy_tells_absence(&config->feeds[i].policy);
	return is_told;
}

/* ---- what the file is like ---- */

/* Days since 1970 of the run's day, in the site's time zone. */
static int64_t day_of(const struct run *run)
{
	time_t midnight = (time_t)run->row.today;
	struct tm tm;
	localtime_r(&midnight, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return (int64_t)timegm(&tm) / 86400;
}

/* NULL: it is one. */
static const char *not_full(const struct absence *absence)
{
	const struct apply_loop *loop = absence->loop;
	const uint64_t *codes = loop->tally.codes;
	if (codes[CODE_WRONG_FIELD_COUNT] + codes[CODE_BROKEN_QUOTES] > 0)
		return "a row has not as many fields as the header, or broken quotes";
	if (loop->tally.rows == 0)
		return "it has no row behind its header";
	return NULL;
}

/* Of a release the run whose file it is about. */
static const struct ledger_run *row_of(const struct absence *absence)
{
	return absence->is_release ? &absence->run->ordered.source : &absence->run->row;
}

static void fullness_find(struct absence *absence)
{
	const struct run *run = absence->run;
	const struct header *header = absence->loop->reader.header;
	absence->is_full = !header->is_of_groups &&
	                   header->single[COLUMN_ERROR_LINE] == COLUMN_NONE &&
	                   absence_is_full_name(&run->policy, row_of(absence)->name);
	if (absence->is_full)
		absence->not_full = not_full(absence);
	absence->is_full &= !absence->not_full;
	absence->is_paused = absence_is_paused(&run->policy.absence, day_of(run));
}

/* Our copy has the time of what was dropped. */
static struct error modified_find(struct absence *absence)
{
	struct stat stat;
	if (fstat(absence->loop->input, &stat) < 0)
		return error_errno("cannot look at the file in work");
	absence->file.modified_ms = file_shape_time(stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec);
	return OK;
}

static struct error columns_find(struct absence *absence)
{
	const struct header *header = absence->loop->reader.header;
	struct file_shape *file = &absence->file;
	file->columns =
	    arena_alloc(absence->arena, (header->written_count + 1) * sizeof *file->columns);
	if (!file->columns)
		return error_memory("looking at the file");
	for (size_t i = 0; i < header->written_count; i++)
		if (header->columns[i].id < COLUMN_ERROR_FILE)
			file->columns[file->columns_count++] = header->columns[i].name;
	return OK;
}

static struct error shape_find(struct absence *absence)
{
	const struct ledger_run *row = row_of(absence);
	absence->file = (struct file_shape){.run = row->run,
	    .name = row->name,
	    .sha256 = row->sha256,
	    .rows = absence->loop->tally.rows,
	    .people = absence->people_count,
	    .is_ended = reader_is_ended(&absence->loop->reader)};
	struct error error = modified_find(absence);
	return is_error(&error) ? error : columns_find(absence);
}

/* ---- what the last one was like ---- */

static struct error seen_before_find(struct absence *absence)
{
	char *run = arena_alloc(absence->arena, RUN_ID_SIZE + 1);
	if (!run)
		return error_memory("looking for the same file");
	if (slice_is(absence->base.last_sha256, absence->file.sha256))
		return OK;
	struct error error = ledger_find_same(lms_db(absence->lms), absence->run->row.feed,
	    absence->file.sha256, absence->base.last_run, run);
	absence->doubts.seen_before = *run ? run : NULL;
	return error;
}

static struct error base_find(struct absence *absence)
{
	struct slice text;
	struct error error =
	    listing_load_base(lms_db(absence->lms), absence->run->row.feed, absence->arena, &text);
	absence->has_base = text.size > 0;
	if (is_error(&error) || !absence->has_base)
		return error;
	error = file_shape_parse(text, absence->arena, &absence->base);
	return is_error(&error) ? error : seen_before_find(absence);
}

/* ---- the whole ---- */

static struct error look(struct absence *absence)
{
	fullness_find(absence);
	struct error error = absence_gather(absence);
	if (!is_error(&error))
		error = shape_find(absence);
	if (!is_error(&error))
		error = base_find(absence);
	return is_error(&error) ? error : absence_weigh(absence);
}

struct error absence_init(struct absence *absence, struct apply_loop *loop)
{
	struct run *run = loop->run;
	*absence = (struct absence){.loop = loop,
	    .run = run,
	    .lms = loop->lms,
	    .arena = arena_create(),
	    .chunk = arena_create(),
	    .is_preview = loop->mode && loop->mode->is_undone,
	    .is_resumed = loop->tally.removals > 0,
	    .is_release = run_is_order(run, ORDER_RELEASE),
	    .ban = {CODES, SLICE("")}};
	if (!absence->arena || !absence->chunk)
		return error_memory("finding who is absent");
	absence->terms =
	    (struct absence_terms){&run->policy, run->site, (int64_t)time(NULL), absence->arena};
	return OK;
}

void absence_done(struct absence *absence)
{
	free(absence->listed.items);
	free(absence->listed.heads);
	hashlist_done(&absence->people);
	hashlist_done(&absence->courses);
	free(absence->seen);
	free(absence->strangers);
	free(absence->absent);
	free(absence->back.items);
	free(absence->replaced.items);
	arena_free(absence->chunk);
	arena_free(absence->arena);
}

/* What the file was like, for its plan, by which it can be released. */
static struct error shape_give(struct absence *absence)
{
	struct run *run = absence->run;
	struct buffer text = {0};
	struct file_shape *file = &absence->file;
	run->is_full = absence->is_full;
	if (!absence->is_full)
		return OK;
	file_shape_be_last(file, file);
	file_shape_format(file, &text);
	run->shape = arena_copy(run->arena, buffer_slice(&text));
	bool has_failed = text.failed || arena_has_failed(run->arena);
	buffer_done(&text);
	return has_failed ? error_memory("keeping what the file was like") : OK;
}

struct error absence_run(struct apply_loop *loop)
{
	struct absence absence;
	if (!policy_tells_absence(&loop->run->policy) || loop->mentions.file < 0)
		return OK;
	struct error error = absence_init(&absence, loop);
	loop->is_behind_rows = true;
	if (!is_error(&error))
		error = lms_flush(loop->lms);
	if (!is_error(&error))
		error = look(&absence);
	if (!is_error(&error))
		error = absence_write(&absence);
	if (!is_error(&error))
		error = shape_give(&absence);
	absence_done(&absence);
	return error;
}

/* Rows of what was not committed are cut off first. */
static struct error committed_keep(struct run *run)
{
	struct mentions_file mentions;
	struct error error = mentions_open(&mentions, run, false);
	mentions_close(&mentions);
	return error;
}

struct error absence_end_early(struct run *run)
{
	struct apply_loop loop = {.run = run, .lms = run->runner->lms};
	struct absence absence;
	bool has_listed = run->row.records > 0 && policy_tells_absence(&run->policy) &&
	                  disk_has(run->directory, RUN_MENTIONS);
	if (!has_listed || run->lane.is_preview)
		return OK;
	struct error error = absence_init(&absence, &loop);
	if (!is_error(&error))
		error = committed_keep(run);
	if (!is_error(&error))
		error = absence_gather(&absence);
	if (!is_error(&error))
		error = absence_store_listings(&absence);
	absence_done(&absence);
	return error;
}
