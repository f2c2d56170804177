/*
 * content: which of a run's bytes its readers get. What has been made lies in a file without a name
 * for as long as a runner is at the run; the note R/content, durable before the first checkpoint,
 * says what it was. A run that goes on by other settings, or another gpg, must not apply the rest
 * of another text: then it ends, with content_changed.
 */
#include "making.h"

#include "enrold/disk.h"
#include "enrold/log.h"
#include "enrold/pgp.h"
#include "enrold/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What has yielded goes at least twice as far when it is begun anew, so that it comes to an end. */
enum { TURN_US = 1000000, TURN_GROWTH = 2 };

/* ---- a run's own ---- */

static struct making making_of(struct run *run, int64_t now)
{
	static const struct policy_pgp none = {0};
	const struct feed *feed = run_feed(run);
	struct making making = {.run = run,
	    .preset = feed ? feed->preset : NULL,
	    .pgp = feed ? &feed->policy.pgp : &none,
	    .policy = &run->policy,
	    .now = now,
	    .arena = run->arena,
	    .content = &run->content,
	    .file = -1};
	return making;
}

static void name_give(struct making *making, const char *name)
{
	snprintf(making->name, sizeof making->name, "%s", name);
}

struct error content_foresee(struct run *run, struct slice beginning, bool is_whole, bool *is_made)
{
	struct making making = making_of(run, 0);
	*is_made = false;
	if (run_is_made(run))
		return OK;
	name_give(&making, run->name);
	*is_made = content_is_encrypted(making.pgp, beginning) ||
	           unpack_recognise(beginning) != UNPACK_NONE;
	if (*is_made)
		return OK;
	struct error error = kind_take(&making, making.name, beginning, is_whole);
	if (is_error(&error))
		return error;
	meaning_temper(&making);
	*is_made = compose_is_wanted(&run->policy);
	return run_keep_policy(run);
}

/* ---- the note ---- */

/* "HASH PRESET", and a line for each file of an archive; "-" where there is none. */
static struct error note_format(const struct content *content, struct buffer *out)
{
	buffer_print(out, "%s %s\n", content->file >= 0 ? content->sha256 : "-",
	    content->preset ? content->preset : "-");
	for (size_t i = 0; i < content->members_count; i++) {
		const struct summary_member *member = &content->members[i];
		buffer_print(out, "%s %" PRIu64 " %s %s\n", member->sha256, member->first_line,
		    member->kind ? member->kind : "-", member->name);
	}
	return out->failed ? error_memory("noting what is read of a file") : OK;
}

static struct error note_store(const struct run *run)
{
	struct buffer text = {0};
	struct error error = note_format(&run->content, &text);
	if (!is_error(&error))
		error = disk_create(run->directory, RUN_CONTENT, MODE_INPUT, buffer_slice(&text));
	buffer_done(&text);
	return error;
}

/* Of a file that is read as it stands, and by no preset, there is none; nor of an earlier try. */
static struct error note_renew(const struct run *run)
{
	if (run->content.file >= 0 || run->content.preset)
		return note_store(run);
	if (unlinkat(run->directory, RUN_CONTENT, 0) < 0 && errno != ENOENT)
		return error_errno("cannot remove " RUN_CONTENT);
	return OK;
}

/* ---- made, and made again ---- */

static void log_made(const struct run *run)
{
	const struct content *content = &run->content;
	log_event(LOG_INFO, "content_made",
	    json_pack("{s:s, s:s, s:o, s:s*, s:I, s:I}", "run", run->id, "feed", run->lane.feed,
	        "file", log_text(run->name), "preset", content->preset, "files",
	        (json_int_t)content->members_count, "bytes", (json_int_t)content->bytes),
	    "%s: %" PRIu64 " bytes of text are read of it%s%s", run->name, content->bytes,
	    content->preset ? ", as of " : "", content->preset ? content->preset : "");
}

/* How long it has, in milliseconds, is the size of a hole. If it is lost it yields earlier. */
static void turn_begin(struct run *run)
{
	struct stat last;
	int64_t turn_us = TURN_US;
	int file = openat(
	    run->directory, RUN_TURN, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT);
	if (file >= 0 && fstat(file, &last) == 0 && last.st_size > 0)
		turn_us = last.st_size * 1000;
	int ignored = file < 0 ? -1 : ftruncate(file, turn_us * TURN_GROWTH / 1000);
	(void)ignored;
	if (file >= 0)
		close(file);
	run->turn_ends_us = run_clock_us() + turn_us;
}

static struct error input_open(const struct run *run, int *file)
{
	*file = openat(run->directory, RUN_INPUT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return *file < 0
	           ? error_own(error_errno("cannot open work/%s/" RUN_INPUT, run->id), OWNER_FILE)
	           : OK;
}

struct error content_make(struct run *run)
{
	struct making making = making_of(run, run->row.started_us / 1000000);
	int file;
	name_give(&making, run->name);
	turn_begin(run);
	struct error error = input_open(run, &file);
	if (is_error(&error))
		return error;
	error = making_run(&making, file);
	close(file);
	/* What was small when it was chosen is another worker's. */
	bool is_large = run->content.bytes > RUN_SHORT_BYTES;
	run->is_stopped |= !is_error(&error) && run->is_short && is_large;
	if (is_error(&error) || run->is_stopped)
		return error;
	log_made(run);
	error = note_renew(run);
	return is_error(&error) ? error : run_keep_policy(run);
}

/* Settings may have changed, or what was decrypted cannot be any more. */
static struct error changed(struct error error)
{
	if (error.class != ERROR_REJECT)
		return error;
	return error_reject("content_changed", 0,
	    "what is read of the file is not what it was when it was taken, or shown (%s): put "
	    "the feed's settings and keys back as they were, and send what is missing again",
	    error.text);
}

static struct error source_open(const struct run *run, int *file)
{
	return run_is_order(run, ORDER_RELEASE)
	           ? archive_open_input(run, &run->ordered.source, true, file)
	           : input_open(run, file);
}

struct error content_make_source(struct run *run)
{
	struct making making = making_of(run, run->row.started_us / 1000000);
	int file;
	making.is_again = true;
	if (!run_is_order(run, ORDER_RELEASE))
		return OK;
	struct error error = source_open(run, &file);
	if (is_error(&error))
		return error;
	name_give(&making, run->ordered.source.name.bytes);
	error = changed(making_run(&making, file));
	close(file);
	if (!is_error(&error) && !run->is_stopped)
		error = note_renew(run);
	return error;
}

static struct error note_compare(const struct run *run, struct slice before)
{
	struct buffer text = {0};
	struct error error = note_format(&run->content, &text);
	if (!is_error(&error) && !slice_is(buffer_slice(&text), before))
		error = changed(error_reject("", 0, "its text has another hash, or other files"));
	buffer_done(&text);
	return error;
}

struct error content_find(struct run *run)
{
	struct slice text, line;
	int64_t begun_us = run_clock_us();
	int file;
	struct error error = disk_load(run->directory, RUN_CONTENT, run->arena, &text);
	if (is_error(&error) || !text.bytes)
		return error;
	struct slice rest = text;
	line = slice_take(&rest, '\n');
	struct slice hash = slice_take(&line, ' ');
	if (!slice_is(line, SLICE("-")))
		run->content.preset = arena_copy(run->arena, line).bytes;
	if (slice_is(hash, SLICE("-")))
		return OK;
	error = source_open(run, &file);
	if (is_error(&error))
		return run_lacks(run, error);
	struct making making = making_of(run, run->row.started_us / 1000000);
	making.is_settled = making.is_again = true;
	name_give(&making, run_is_order(run, ORDER_RELEASE) ? run->ordered.source.name.bytes
	                                                    : run->row.name.bytes);
	error = changed(making_run(&making, file));
	close(file);
	if (!is_error(&error) && !run->is_stopped)
		error = note_compare(run, text);
	run->way_us = run_clock_us() - begun_us;
	return error;
}

/* ---- read ---- */

static struct error again_open(const struct content *content, int *file)
{
	*file = fcntl(content->file, F_DUPFD_CLOEXEC, 0);
	return *file < 0 || lseek(*file, 0, SEEK_SET) < 0
	           ? error_errno("cannot read again what was made of the input")
	           : OK;
}

struct error content_open(const struct run *run, int *file)
{
	if (run->content.file >= 0)
		return again_open(&run->content, file);
	return run_lacks(run, source_open(run, file));
}

struct reader_terms content_terms(const struct run *run)
{
	return (struct reader_terms){.policy = &run->policy,
	    .site = run->site,
	    .field_max = run->runner->shared->config->max_field,
	    .is_composed = run->content.is_composed};
}

static struct error other_make(
    const struct making *of, const struct ledger_run *row, int input, int *file)
{
	struct making making = *of;
	struct content *content = making.content;
	name_give(&making, row->name.bytes);
	struct error error = making_run(&making, input);
	if (!is_error(&error) && making.run->is_stopped)
		error = error_retry("stopping while run %.*s is looked at", SLICE_ARG(row->run));
	*file = content->file >= 0 ? content->file : input;
	content->file = -1;
	return error;
}

struct error content_open_other(struct run *run, const struct ledger_run *of,
    const struct policy *policy, int *file, bool *is_composed)
{
	struct arena *arena = arena_create();
	struct policy stored = *policy;
	struct content content = {.file = -1, .remarks = {.arena = arena}};
	struct making making = making_of(run, of->started_us / 1000000);
	int input = -1;
	*file = -1;
	*is_composed = false;
	if (!arena)
		return error_memory("reading a later file");
	making.policy = &stored;
	making.content = &content;
	making.arena = arena;
	making.is_settled = making.is_again = true;
	struct error error = archive_open_input(run, of, false, &input);
	if (!is_error(&error))
		error = other_make(&making, of, input, file);
	if (input >= 0 && *file != input)
		close(input);
	if (is_error(&error) && *file >= 0)
		close(*file);
	*is_composed = content.is_composed;
	content_done(&content);
	arena_free(arena);
	return error;
}

void content_done(struct content *content)
{
	if (content->file >= 0)
		close(content->file);
	content->file = -1;
}
