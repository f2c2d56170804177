/*
 * publish: a finished run's files to their places. The ledger has decided; from here on nothing
 * can be lost, only be late, and each step is skipped when an earlier attempt has done it.
 *
 * What Moodle has to do goes first, the summary goes last into the outbox, so that its presence
 * means that all is there; the input leaves work/ only when the outbox is durable.
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

static struct error summary_move(struct run *run, int outbox)
{
	char public_name[FILE_NAME_SIZE];
	bool is_ours;
	run_name(run, ".summary.json", public_name);
	struct error error = summary_is_ours(run, outbox, public_name, &is_ours);
	if (is_error(&error) || is_ours)
		return error;
	error = disk_create(run->directory, RUN_SUMMARY, MODE_ANSWER, run->row.summary);
	if (!is_error(&error))
		error = regroup(run, outbox, RUN_SUMMARY);
	/* On a file server the first look may have been an old one. */
	bool is_taken = false;
	if (!is_error(&error))
		error =
		    disk_move_unless(run->directory, RUN_SUMMARY, outbox, public_name, &is_taken);
	if (!is_error(&error) && is_taken)
		error = summary_is_ours(run, outbox, public_name, &is_ours);
	if (is_error(&error) || !is_taken || is_ours)
		return error;
	return disk_move_first(run->directory, RUN_SUMMARY, outbox, public_name, run->id);
}

static struct error outbox_fill(struct run *run, int outbox)
{
	struct error error = OK;
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++)
		error = artefact_move(run, outbox, a);
	if (!is_error(&error))
		sealed_publish(run, outbox);
	if (!is_error(&error))
		error = disk_sync(outbox, ".");
	if (!is_error(&error))
		run_notice_publish(run);
	if (!is_error(&error))
		error = summary_move(run, outbox);
	return is_error(&error) ? error : disk_sync(outbox, ".");
}

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

static struct error input_move(struct run *run, int place, enum guise guise)
{
	char name[FILE_NAME_SIZE];
	struct error error = sidecar_keep(run, place);
	if (is_error(&error))
		return error;
	if (!*run->name) /* an earlier attempt has moved it, and may not have got further */
		return disk_sync(place, ".");
	name_make_input(name, run->row.name.bytes, run->id, "");
	error = claim_swap_in_copy(run);
	if (!is_error(&error) && guise == CUT)
		error = passwords_swap_in_cut(run);
	/* Ours now, and nobody else's to read. */
	if (!is_error(&error))
		mode_set(run, guise == SECRET ? MODE_SECRET : MODE_INPUT);
	if (!is_error(&error))
		error = disk_move(run->box, run->name, place, name, run->id);
	return is_error(&error) ? error : disk_sync(place, ".");
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
	struct error error = input_move(run, run->runner->shared->spool->quarantine, AS_DROPPED);
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
	close(held);
	return error;
}

static struct error input_end(struct run *run)
{
	struct error error = run->row.state == RUN_HELD ? hold(run)
	                     : is_put_aside(run)        ? quarantine(run)
	                                                : archive(run);
	if (!is_error(&error))
		error = claim_close(run);
	/* The orders about it go next: should a power cut bring it back without the one that ends
	 * it, it would wait for ever. */
	bool has_orders = run->row.state == RUN_DISCARDED;
	return is_error(&error) || !has_orders ? error
	                                       : disk_sync(run->runner->shared->spool->work, ".");
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

struct error publish(struct run *run)
{
	int outbox;
	struct error error =
	    spool_open_outbox(run->runner->shared->spool, run->row.feed.bytes, &outbox);
	if (is_error(&error))
		return error;
	error = last_run_note(run->runner->shared->spool, run->runner->lms, &run->row);
	if (!is_error(&error))
		error = chores_publish(run);
	if (!is_error(&error))
		error = plan_file_publish(run);
	if (!is_error(&error))
		error = outbox_fill(run, outbox);
	close(outbox);
	if (is_error(&error))
		return error;
	if (run_is_order(run, ORDER_PRUNE))
		error = prune_publish(run);
	if (!is_error(&error))
		error = checkpoint_publish(run);
	if (is_error(&error))
		return error;
	index_publish(run);
	if (run->row.state != RUN_HELD)
		error = mentions_publish(run);
	if (!is_error(&error))
		error = plan_files_tidy(run);
	return is_error(&error) ? error : input_end(run);
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
	return input_end(run);
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
