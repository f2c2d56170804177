/*
 * publish: finished runs' files to their places. The ledger has decided; from here on nothing can
 * be lost, only be late, and each step is skipped when an earlier attempt has done it.
 *
 * What Moodle has to do goes first, the summary goes last into the outbox, so that its presence
 * means that all is there; the input leaves work/ only when the outbox is durable. Runs that ended
 * together go together, step by step, so that what has to be durable between two steps is flushed
 * once. A run that a step fails for stays in work/, and so do those behind it: answers come out in
 * the order of the ledger.
 */
#include "mentions.h"

#include "enrold/disk.h"
#include "enrold/held.h"
#include "enrold/last_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the group that may read the answer ---- */

/* The name in the outbox while it is made: a run makes one file at a time. */
static void part_name(const struct run *run, char name[FILE_NAME_SIZE])
{
	snprintf(name, FILE_NAME_SIZE, ".%s.part", run->id);
}

static struct error copy_made(struct run *run, int from, int outbox, const char *part)
{
	int to =
	    openat(outbox, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE_ANSWER);
	if (to < 0)
		return error_errno("cannot make %s in the outbox", part);
	struct error error = disk_copy(from, to, run->runner->chunk, RUN_CHUNK);
	if (!is_error(&error) && fsync(to) < 0)
		error = error_errno("cannot flush %s in the outbox", part);
	close(to);
	return error;
}

/*
 * Whoever drops files reads their answers by the group of the outbox, where its folder hands that
 * on (setgid). Only a file made there gets it: to change the group of one that was made in work/
 * takes a right that enrold does not want, and a group that its user namespace knows.
 */
static struct error regroup(struct run *run, int outbox, const char *name)
{
	char part[FILE_NAME_SIZE];
	struct stat place, file;
	if (fstat(outbox, &place) < 0 || !(place.st_mode & S_ISGID))
		return OK;
	part_name(run, part);
	unlinkat(outbox, part, 0); /* of an attempt that was cut short */
	int from = openat(run->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return error_errno("cannot open %s", name);
	struct error error = OK;
	if (fstat(from, &file) < 0 || file.st_gid != place.st_gid) {
		error = copy_made(run, from, outbox, part);
		if (!is_error(&error) && renameat(outbox, part, run->directory, name) < 0)
			error = error_errno("cannot rename %s in the outbox", part);
	}
	close(from);
	return error;
}

/* ---- what Moodle has to do ---- */

/* Before the answer says that it was done; the web server's user reads it by the folder's group. */
static struct error chores_publish(struct run *run)
{
	int place;
	char name[FILE_NAME_SIZE];
	if (!disk_has(run->directory, ANSWER_CHORES))
		return OK;
	snprintf(name, sizeof name, "%s.jsonl", run->id);
	struct error error = spool_open_aftercare(run->runner->shared->spool, &place);
	if (is_error(&error))
		return error;
	error = regroup(run, place, ANSWER_CHORES);
	if (!is_error(&error))
		error = disk_move_first(run->directory, ANSWER_CHORES, place, name, run->id);
	if (!is_error(&error))
		error = disk_sync(place, ".");
	close(place);
	return error;
}

/* ---- the answer ---- */

/* What already has the answer's name is not ours, and steps aside. */
static struct error artefact_move(struct run *run, int outbox, enum artefact artefact)
{
	const struct artefact_kind *kind = &artefact_kinds[artefact];
	char public_name[FILE_NAME_SIZE];
	if (run->row.hashes[artefact].size == 0 || !disk_has(run->directory, kind->name))
		return OK;
	run_name(run, kind->suffix, public_name);
	struct error error = regroup(run, outbox, kind->name);
	return is_error(&error)
	           ? error
	           : disk_move_first(run->directory, kind->name, outbox, public_name, run->id);
}

/* What has its name may also be a stranger's, or tell of this run as it was before the database was
 * put back to an earlier day. */
static struct error summary_is_ours(
    const struct run *run, int outbox, const char *public_name, bool *is_ours)
{
	struct slice text;
	char sha256[HASH_TEXT_SIZE + 1];
	struct error error = disk_load(outbox, public_name, run->arena, &text);
	*is_ours = false;
	if (is_error(&error) || !text.bytes)
		return error;
	error = hash_text(text, sha256);
	*is_ours = !is_error(&error) && slice_is(run->row.summary_sha256, slice_of(sha256));
	return error;
}

/* The step may have been done before. */
static struct error summary_make(struct run *run, int outbox)
{
	char public_name[FILE_NAME_SIZE];
	run_name(run, ".summary.json", public_name);
	struct error error = summary_is_ours(run, outbox, public_name, &run->is_summary_out);
	if (is_error(&error) || run->is_summary_out)
		return error;
	error = disk_write_new(run->directory, RUN_SUMMARY, MODE_ANSWER, run->row.summary);
	return is_error(&error) ? error : regroup(run, outbox, RUN_SUMMARY);
}

static struct error summary_move(struct run *run, int outbox)
{
	char public_name[FILE_NAME_SIZE];
	bool is_taken = false, is_ours = false;
	if (run->is_summary_out)
		return OK;
	run_name(run, ".summary.json", public_name);
	/* On a file server the first look may have been an old one. */
	struct error error =
	    disk_move_unless(run->directory, RUN_SUMMARY, outbox, public_name, &is_taken);
	if (!is_error(&error) && is_taken)
		error = summary_is_ours(run, outbox, public_name, &is_ours);
	if (is_error(&error) || !is_taken || is_ours)
		return error;
	return disk_move_first(run->directory, RUN_SUMMARY, outbox, public_name, run->id);
}

static struct error artefacts_move(struct run *run, int outbox)
{
	struct error error = OK;
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++)
		error = artefact_move(run, outbox, a);
	if (!is_error(&error))
		sealed_publish(run, outbox);
	return error;
}

/* ---- the input ---- */

/* How an input goes to its place. */
enum guise {
	AS_DROPPED,
	SECRET, /* the same, for as long as its passwords are needed */
	CUT,    /* without them */
};

/* A file too large to be copied is its owner's still: we may not, and need not. */
static void mode_set(const struct run *run, mode_t mode)
{
	int file = openat(run->box, run->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int ignored = file < 0 ? -1 : fchmod(file, mode);
	(void)ignored;
	if (file >= 0)
		close(file);
}

/* Durable once the place is flushed. */
static struct error input_move(struct run *run, int place, enum guise guise)
{
	char name[FILE_NAME_SIZE];
	struct error error = sidecar_keep(run, place);
	if (is_error(&error))
		return error;
	if (!*run->name) /* an earlier attempt has moved it, and may not have got further */
		return OK;
	name_make_input(name, run->row.name.bytes, run->id, "");
	if (guise == CUT)
		error = passwords_swap_in_cut(run);
	/* Ours now, and nobody else's to read. */
	if (!is_error(&error))
		mode_set(run, guise == SECRET ? MODE_SECRET : MODE_INPUT);
	return is_error(&error) ? error : disk_move(run->box, run->name, place, name, run->id);
}

static struct error reason_write(struct run *run)
{
	const struct spool *spool = run->runner->shared->spool;
	char name[FILE_NAME_SIZE];
	name_make_input(name, run->row.name.bytes, run->id, NAME_REASON);
	if (disk_has(spool->quarantine, name))
		return disk_sync(spool->quarantine, ".");
	struct buffer text = {0};
	summary_explain(run->row.summary, &text);
	struct error error =
	    text.failed ? error_memory("writing a reason")
	                : disk_create(run->directory, RUN_REASON, MODE_ANSWER, buffer_slice(&text));
	buffer_done(&text);
	if (!is_error(&error))
		error = disk_move(run->directory, RUN_REASON, spool->quarantine, name, run->id);
	return is_error(&error) ? error : disk_sync(spool->quarantine, ".");
}

static struct error archive(struct run *run)
{
	int day = -1;
	bool is_needed = false, is_cut = passwords_are_cut(run);
	struct error error = archive_open(run, run->id, &day);
	if (!is_error(&error) && is_cut)
		error = plans_need_input(lms_db(run->runner->lms), run->row.run, &is_needed);
	if (!is_error(&error))
		error = input_move(run, day, is_needed ? SECRET : is_cut ? CUT : AS_DROPPED);
	if (day >= 0)
		close(day);
	return error;
}

static struct error quarantine(struct run *run)
{
	int place = run->runner->shared->spool->quarantine;
	struct error error = input_move(run, place, AS_DROPPED);
	if (!is_error(&error))
		error = disk_sync(place, ".");
	return is_error(&error) ? error : reason_write(run);
}

static bool is_put_aside(const struct run *run)
{
	return run->row.state == RUN_REFUSED || run->row.state == RUN_DISCARDED;
}

static struct error hold(struct run *run)
{
	int held;
	struct error error =
	    held_open(run->runner->shared->spool->root, run->row.feed.bytes, &held);
	if (is_error(&error))
		return error;
	error = input_move(run, held, passwords_are_cut(run) ? SECRET : AS_DROPPED);
	if (!is_error(&error))
		error = disk_sync(held, ".");
	close(held);
	return error;
}

static bool is_archived(const struct run *run)
{
	return run->row.state != RUN_HELD && !is_put_aside(run);
}

static struct error input_put(struct run *run, int outbox)
{
	(void)outbox;
	return is_archived(run) ? archive(run) : is_put_aside(run) ? quarantine(run) : hold(run);
}

static struct error input_swap(struct run *run, int outbox)
{
	(void)outbox;
	return *run->name ? claim_swap_in_copy(run) : OK;
}

static struct error work_leave(struct run *run, int outbox)
{
	(void)outbox;
	struct error error = claim_close(run);
	/* The orders about it go next: should a power cut bring it back without the one that ends
	 * it, it would wait for ever. */
	bool has_orders = run->row.state == RUN_DISCARDED;
	return is_error(&error) || !has_orders ? error
	                                       : disk_sync(run->runner->shared->spool->work, ".");
}

/* ---- all of it, step by step ---- */

struct publishing {
	struct run *const *runs;
	size_t count; /* for which all steps up to now went well */
	int outbox;   /* the feed's */
	struct error error;
};

typedef struct error step(struct run *run, int outbox);

static void fail(struct publishing *publishing, size_t count, struct error error)
{
	if (!is_error(&error))
		return;
	publishing->count = count;
	publishing->error = error;
}

static void each(struct publishing *publishing, step *step_one)
{
	for (size_t i = 0; i < publishing->count; i++)
		fail(publishing, i, step_one(publishing->runs[i], publishing->outbox));
}

/* A file, or "." of all their directories in work/. */
static void flush_each(struct publishing *publishing, const char *name)
{
	struct flush flush = {.count = 0};
	for (size_t i = 0; i < publishing->count; i++)
		flush_add(&flush, publishing->runs[i]->directory, name);
	fail(publishing, 0, flush_end(&flush));
}

static void outbox_flush(struct publishing *publishing)
{
	if (publishing->count > 0)
		fail(publishing, 0, disk_sync(publishing->outbox, "."));
}

/* Mostly one: runs that end together have ids of one day, but for midnight. */
static void archive_flush(struct publishing *publishing)
{
	const char *done = "";
	for (size_t i = 0; i < publishing->count; i++) {
		struct run *run = publishing->runs[i];
		int day = -1;
		if (!is_archived(run) || strncmp(done, run->id, 8) == 0)
			continue;
		struct error error = archive_open(run, run->id, &day);
		if (!is_error(&error))
			error = disk_sync(day, ".");
		if (day >= 0)
			close(day);
		fail(publishing, i, error);
		done = run->id;
	}
}

static void outbox_fill(struct publishing *publishing)
{
	each(publishing, artefacts_move);
	outbox_flush(publishing);
	for (size_t i = 0; i < publishing->count; i++)
		run_notice_publish(publishing->runs[i]);
	each(publishing, summary_make);
	flush_each(publishing, RUN_SUMMARY);
	each(publishing, summary_move);
	outbox_flush(publishing);
}

static void input_end(struct publishing *publishing)
{
	each(publishing, input_swap);
	/* Before they go on to the archive: a power cut must not keep that move and lose this. */
	flush_each(publishing, ".");
	each(publishing, input_put);
	archive_flush(publishing);
	each(publishing, work_leave);
}

/* A part of the answer: when it is out, what somebody else is told of it is as well. */
static struct error checkpoint_publish(const struct run *run)
{
	const struct run_surroundings *shared = run->runner->shared;
	char chain[HASH_TEXT_SIZE + 1];
	if (!shared->checkpoints)
		return OK;
	summary_find_chain(run->row.summary, chain);
	return *chain ? checkpoints_publish(shared->checkpoints, shared->config, shared->spool,
	                    run->row.number, chain)
	              : OK;
}

static struct error before_outbox(struct run *run, int outbox)
{
	(void)outbox;
	struct error error = chores_publish(run);
	return is_error(&error) ? error : plan_file_publish(run);
}

static struct error behind_outbox(struct run *run, int outbox)
{
	(void)outbox;
	struct error error = run_is_order(run, ORDER_PRUNE) ? prune_publish(run) : OK;
	if (!is_error(&error))
		error = checkpoint_publish(run);
	if (is_error(&error))
		return error;
	index_publish(run);
	if (run->row.state != RUN_HELD)
		error = mentions_publish(run);
	return error;
}

struct error publish(struct run *const *runs, size_t count, size_t *published)
{
	struct run *last = runs[count - 1];
	const struct spool *spool = last->runner->shared->spool;
	struct publishing publishing = {.runs = runs, .count = count, .error = OK};
	*published = 0;
	struct error error = spool_open_outbox(spool, last->row.feed.bytes, &publishing.outbox);
	if (is_error(&error))
		return error;
	fail(&publishing, 0, last_run_note(spool, last->runner->lms, &last->row));
	each(&publishing, before_outbox);
	outbox_fill(&publishing);
	close(publishing.outbox);
	each(&publishing, behind_outbox);
	if (publishing.count > 0)
		fail(&publishing, 0, plan_files_tidy(last));
	input_end(&publishing);
	*published = publishing.count;
	return publishing.error;
}

/* ---- of a run that the database has forgotten ---- */

/*
 * The database was put back to an earlier day between the answer and the last step, and somebody
 * has accepted that. What is out stays as it is: the answer is one of those that are lost, and the
 * input goes where those of the others lie.
 */
struct error publish_forgotten(struct run *run, bool *is_out)
{
	int outbox;
	struct slice text = {0};
	char name[FILE_NAME_SIZE], archived[HASH_TEXT_SIZE + 1];
	*is_out = false;
	if (run->row.state == RUN_UNKNOWN) {
		run->row.name = slice_of(run->name);
		run->row.feed = slice_of(run->lane.feed);
	}
	if (run->row.name.size == 0)
		return OK; /* the claim was cut short */
	struct error error =
	    spool_open_outbox(run->runner->shared->spool, run->row.feed.bytes, &outbox);
	if (is_error(&error))
		return error;
	run_name(run, ".summary.json", name);
	error = disk_load(outbox, name, run->arena, &text);
	close(outbox);
	*is_out = text.bytes && summary_is_of(text, run->id);
	if (is_error(&error) || !*is_out)
		return error;
	run->row.summary = text;
	run->row.state = summary_is_refused(text) ? RUN_REFUSED
	                 : summary_is_held(text)  ? RUN_HELD
	                                          : RUN_APPLIED;
	summary_find_archived(text, archived);
	run->row.archived_sha256 = slice_of(archived);
	struct publishing publishing = {.runs = &run, .count = 1, .error = OK};
	input_end(&publishing);
	return publishing.error;
}

/* The next attempt goes on with what was out of the answer. */
struct error publish_withdraw(struct run *run)
{
	int outbox;
	char public_name[FILE_NAME_SIZE];
	struct error error =
	    spool_open_outbox(run->runner->shared->spool, run->row.feed.bytes, &outbox);
	if (is_error(&error))
		return error;
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++) {
		const char *name = artefact_kinds[a].name;
		run_name(run, artefact_kinds[a].suffix, public_name);
		if (!disk_has(run->directory, name) && disk_has(outbox, public_name))
			error = disk_move(outbox, public_name, run->directory, name, run->id);
	}
	close(outbox);
	return error;
}
