#include "mentions.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct error failed(const char *what)
{
	return error_errno("cannot %s " RUN_MENTIONS " in work", what);
}

/* ---- reading ---- */

enum { ROWS_READ = 4096 };

/* As many rows as there are, up to so many: a read may stop half-way through one, and only what is
 * behind the end of the file is nothing. -1: errno says why. */
static ssize_t rows_load(int file, struct mention_row *rows, size_t most, off_t at)
{
	size_t bytes = 0, room = most * sizeof *rows;
	while (bytes < room) {
		ssize_t size = pread(file, (char *)rows + bytes, room - bytes, at + (off_t)bytes);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -1;
		if (size == 0)
			break;
		bytes += (size_t)size;
	}
	return (ssize_t)(bytes / sizeof *rows);
}

struct error mentions_read(int file, mentions_on_row *on_row, void *context)
{
	struct mention_row *rows = reallocarray(NULL, ROWS_READ, sizeof *rows);
	struct error error = OK;
	off_t at = 0;
	if (!rows)
		return error_memory("reading mentions");
	for (bool is_wanted = true; is_wanted && !is_error(&error);) {
		ssize_t count = rows_load(file, rows, ROWS_READ, at);
		if (count < 0)
			error = failed("read");
		for (ssize_t i = 0; i < count && is_wanted; i++)
			is_wanted = on_row(context, &rows[i]);
		is_wanted = is_wanted && count == ROWS_READ;
		at += (off_t)ROWS_READ * (off_t)sizeof *rows;
	}
	free(rows);
	return error;
}

/* ---- one attempt ---- */

struct search {
	int64_t records;
	off_t at, found; /* behind the checkpoint of so many records; 0: there is none */
};

static bool on_row_of_search(void *context, const struct mention_row *row)
{
	struct search *search = context;
	search->at += (off_t)sizeof *row;
	if (row->kind == ROW_CHECKPOINT && row->user == search->records)
		search->found = search->at;
	return true;
}

static struct error row_write(struct mentions_file *mentions, struct mention_row row)
{
	return disk_write(
	    mentions->file, (struct slice){(const char *)&row, sizeof row}, RUN_MENTIONS);
}

/* Back to the last checkpoint; before the first there is nothing. */
static struct error go_back(struct mentions_file *mentions, bool is_retry)
{
	const struct run *run = mentions->run;
	struct search search = {.records = (int64_t)run->row.records};
	struct error error = OK;
	if (run->row.state != RUN_UNKNOWN)
		error = mentions_read(mentions->file, on_row_of_search, &search);
	if (!is_error(&error) && ftruncate(mentions->file, search.found) < 0)
		error = failed("cut");
	if (!is_error(&error) && search.found == 0)
		error =
		    row_write(mentions, (struct mention_row){.kind = ROW_HEAD, .is_new = is_retry});
	mentions->committed = search.found;
	return error;
}

struct error mentions_open(struct mentions_file *mentions, struct run *run, bool is_retry)
{
	*mentions = (struct mentions_file){.run = run, .file = -1};
	mentions->file = openat(run->directory, RUN_MENTIONS,
	    O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT);
	return mentions->file < 0 ? failed("open") : go_back(mentions, is_retry);
}

static struct mention_row row_of(const struct batch *batch, const struct mention *mention)
{
	const struct record *record = &batch->records[mention->record];
	struct mention_row row = {.kind = (uint16_t)mention->kind, .is_new = mention->is_new};
	if (mention->kind == MENTION_UNKNOWN) {
		row.user = (int64_t)record->line;
		row.mark = record_mark(batch->header, record);
		if (mention->course != INDEX_NONE)
			row.enrol = batch->courses[mention->course].enrol;
		return row;
	}
	row.user = batch->people[mention->person].id;
	if (mention->enrolment != INDEX_NONE) {
		const struct enrolment_facts *is = &batch->enrolments[mention->enrolment];
		row.enrol = is->enrol;
		row.enrolment = is->id > 0 ? is->id : 0;
		row.mark = is->status != ENROLMENT_ACTIVE;
	}
	return row;
}

struct error mentions_add(
    struct mentions_file *mentions, const struct batch *batch, const struct plan *plan)
{
	if (mentions->file < 0 || plan->mentions_count == 0)
		return OK;
	struct mention_row *rows = arena_alloc(batch->arena, plan->mentions_count * sizeof *rows);
	if (!rows)
		return error_memory("noting who is where");
	for (size_t i = 0; i < plan->mentions_count; i++)
		rows[i] = row_of(batch, &plan->mentions[i]);
	return disk_write(mentions->file,
	    (struct slice){(const char *)rows, plan->mentions_count * sizeof *rows}, RUN_MENTIONS);
}

struct error mentions_note_part(struct mentions_file *mentions)
{
	return mentions->file < 0 ? OK
	                          : row_write(mentions, (struct mention_row){.kind = ROW_PART});
}

struct error mentions_sync(struct mentions_file *mentions, uint64_t records)
{
	if (mentions->file < 0)
		return OK;
	struct error error = row_write(
	    mentions, (struct mention_row){.kind = ROW_CHECKPOINT, .user = (int64_t)records});
	if (!is_error(&error) && fdatasync(mentions->file) < 0)
		error = failed("flush");
	/* Its name has to be there, too, when the ledger speaks of the checkpoint. */
	return is_error(&error) || mentions->committed > 0
	           ? error
	           : disk_sync(mentions->run->directory, ".");
}

struct error mentions_commit(struct mentions_file *mentions)
{
	if (mentions->file < 0)
		return OK;
	mentions->committed = lseek(mentions->file, 0, SEEK_END);
	return mentions->committed < 0 ? failed("read") : OK;
}

void mentions_cut(struct mentions_file *mentions)
{
	/* What stays is cut by the next attempt. */
	int ignored = mentions->file < 0 ? 0 : ftruncate(mentions->file, mentions->committed);
	(void)ignored;
}

void mentions_close(struct mentions_file *mentions)
{
	if (mentions->file >= 0)
		close(mentions->file);
	mentions->file = -1;
}

/* ---- when the run is over ---- */

struct addition {
	int to;
	struct error error;
};

static bool on_row_to_add(void *context, const struct mention_row *row)
{
	struct addition *addition = context;
	if (row->kind != ROW_HEAD)
		addition->error = disk_write(
		    addition->to, (struct slice){(const char *)row, sizeof *row}, RUN_MENTIONS);
	return !is_error(&addition->error);
}

static struct error retry_find(int file, bool *is_retry)
{
	struct mention_row head;
	ssize_t count = rows_load(file, &head, 1, 0);
	*is_retry = count == 1 && head.kind == ROW_HEAD && head.is_new;
	return count < 0 ? failed("read") : OK;
}

/* Done twice, after a kill, it does no harm. */
static struct error retry_add(const struct run *run, int from, int place)
{
	const char *feed = run->row.feed.bytes;
	struct addition addition = {
	    .to = openat(
	        place, feed, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT)};
	if (addition.to < 0)
		return error_errno("cannot open listed/%s", feed);
	struct error error = mentions_read(from, on_row_to_add, &addition);
	close(addition.to);
	return is_error(&error) ? error : addition.error;
}

static bool on_row_of_part(void *context, const struct mention_row *row)
{
	bool *is_part = context;
	*is_part = row->kind == ROW_PART;
	return !*is_part;
}

/* ---- files that are not what the next is compared with ---- */

struct part {
	int file;
	struct hashlist rows; /* struct mention_row, that are in it */
	struct error error;
	bool has_failed;
};

static uint32_t row_hash(const void *context, const void *item)
{
	const struct mention_row *row = item;
	(void)context;
	return hashlist_hash_pair((uint32_t)row->user, (uint32_t)row->enrol);
}

static bool part_has(const struct part *part, const struct mention_row *row)
{
	size_t at = row_hash(NULL, row);
	for (uint32_t number; (number = hashlist_next(&part->rows, &at)) != 0;) {
		const struct mention_row *is = hashlist_at(&part->rows, number);
		if (is->user == row->user && is->enrol == row->enrol && is->kind == row->kind)
			return true;
	}
	return false;
}

static bool on_row_there(void *context, const struct mention_row *row)
{
	struct part *part = context;
	part->has_failed = !hashlist_append(&part->rows, row);
	return !part->has_failed;
}

/* Only who is somewhere. */
static bool on_row_more(void *context, const struct mention_row *row)
{
	struct part *part = context;
	bool counts = row->kind == MENTION_LISTED || row->kind == MENTION_PRESENT;
	if (!counts || part_has(part, row))
		return true;
	part->has_failed = !hashlist_add(&part->rows, row);
	if (!part->has_failed)
		part->error = disk_write(
		    part->file, (struct slice){(const char *)row, sizeof *row}, RUN_MENTIONS);
	return !part->has_failed && !is_error(&part->error);
}

/* All of them together, each once, until a file counts again: it only spares people. */
static struct error part_add(const struct run *run, int from, int place)
{
	char name[MENTIONS_NAME_SIZE];
	struct part part = {.rows = {.hash = row_hash, .size = sizeof(struct mention_row)}};
	snprintf(name, sizeof name, "%s" MENTIONS_PART, run->row.feed.bytes);
	part.file =
	    openat(place, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT);
	if (part.file < 0)
		return error_errno("cannot open listed/%s", name);
	struct error error = mentions_read(part.file, on_row_there, &part);
	part.has_failed |= !hashlist_index(&part.rows);
	if (!is_error(&error) && !part.has_failed)
		error = mentions_read(from, on_row_more, &part);
	if (!is_error(&error) && part.has_failed)
		error = error_memory("keeping whom a file lists");
	if (!is_error(&error))
		error = part.error;
	if (!is_error(&error) && fdatasync(part.file) < 0)
		error = error_errno("cannot flush listed/%s", name);
	close(part.file);
	hashlist_done(&part.rows);
	return is_error(&error) ? error : disk_sync(place, ".");
}

/* Killed in between, what was beside it stays until the next one: it only spares people. */
static struct error place_take(const struct run *run, int place)
{
	const char *feed = run->row.feed.bytes;
	char part[MENTIONS_NAME_SIZE];
	snprintf(part, sizeof part, "%s" MENTIONS_PART, feed);
	if (renameat(run->directory, RUN_MENTIONS, place, feed) < 0)
		return error_errno("cannot rename " RUN_MENTIONS);
	struct error error = disk_sync(place, ".");
	if (!is_error(&error) && unlinkat(place, part, 0) < 0 && errno != ENOENT)
		error = error_errno("cannot remove listed/%s", part);
	return error;
}

static struct error publish_to(const struct run *run, int place)
{
	bool is_part = false;
	int from = openat(run->directory, RUN_MENTIONS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return failed("open");
	bool is_retry;
	struct error error = retry_find(from, &is_retry);
	if (!is_error(&error))
		error = is_retry ? retry_add(run, from, place)
		                 : mentions_read(from, on_row_of_part, &is_part);
	if (!is_error(&error) && is_part)
		error = part_add(run, from, place);
	close(from);
	return is_error(&error) || is_retry || is_part ? error : place_take(run, place);
}

struct error mentions_publish(const struct run *run)
{
	int place;
	struct error error = OK;
	if (run->row.state == RUN_APPLIED && disk_has(run->directory, RUN_MENTIONS)) {
		error = spool_open_listed(run->runner->shared->spool, &place);
		if (is_error(&error))
			return error;
		error = publish_to(run, place);
		close(place);
	}
	if (!is_error(&error) && unlinkat(run->directory, RUN_MENTIONS, 0) < 0 && errno != ENOENT)
		error = failed("remove");
	return error;
}
