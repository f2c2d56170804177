/*
 * sealed: result and retry file once more, encrypted for the sender (pgp.answer_to), beside the
 * answer: "staff.R.result.csv.pgp". They are derived, and nothing of the chain: who verifies asks
 * nothing of them, and they go when what they were made of goes. None keeps an answer from being
 * given: the log says why there is none, and `enrolctl check` that the key has ended.
 */
#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/log.h"
#include "enrold/pgp.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { QUIET_MS = 60000 };

static struct error part_fill(
    const struct run *run, const struct policy_pgp *policy, int from, int to)
{
	const struct pgp_limits limits = {.bytes_max = UINT64_MAX,
	    .quiet_ms = QUIET_MS,
	    .progress = run->runner->shared->progress};
	struct error error = pgp_encrypt(policy, from, to, &limits);
	if (!is_error(&error) && fsync(to) < 0)
		error = error_errno("cannot flush it");
	return error;
}

/* Made in the outbox, so that whoever reads the answer reads it: by the folder's group. */
static struct error seal(
    struct run *run, int outbox, const struct policy_pgp *policy, const char *name)
{
	char sealed[FILE_NAME_SIZE], part[FILE_NAME_SIZE];
	snprintf(part, sizeof part, ".%s.part", run->id);
	if (snprintf(sealed, sizeof sealed, "%s" ARTEFACT_SEALED, name) >= (int)sizeof sealed)
		return error_config("its name is too long");
	if (disk_has(outbox, sealed) || !disk_has(outbox, name))
		return OK;
	unlinkat(outbox, part, 0); /* of an attempt that was cut short */
	int from = openat(outbox, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int to =
	    openat(outbox, part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE_ANSWER);
	struct error error =
	    from < 0 || to < 0 ? error_errno("cannot open it") : part_fill(run, policy, from, to);
	if (!is_error(&error) && renameat(outbox, part, outbox, sealed) < 0)
		error = error_errno("cannot rename it");
	if (is_error(&error))
		unlinkat(outbox, part, 0);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return error;
}

static void not_sealed_log(const struct run *run, const char *name, const struct error *error)
{
	log_event(LOG_WARNING, "answer_not_encrypted",
	    json_pack("{s:s, s:s, s:o, s:s}", "run", run->id, "feed", run->row.feed.bytes, "file",
	        log_text(name), "reason", error->text),
	    "the answer %s is given, but not encrypted for pgp.answer_to as well: %s", name,
	    error->text);
}

void sealed_publish(struct run *run, int outbox)
{
	static const enum artefact sealed[] = {ARTEFACT_RESULT, ARTEFACT_RETRY};
	const struct feed *feed =
	    config_find_feed(run->runner->shared->config, run->row.feed.bytes);
	if (!feed || !feed->policy.pgp.answer_to || !feed->policy.pgp.home)
		return;
	for (size_t i = 0; i < sizeof sealed / sizeof *sealed; i++) {
		char name[FILE_NAME_SIZE];
		if (run->row.hashes[sealed[i]].size == 0)
			continue;
		run_name(run, artefact_kinds[sealed[i]].suffix, name);
		struct error error = seal(run, outbox, &feed->policy.pgp, name);
		if (is_error(&error))
			not_sealed_log(run, name, &error);
	}
}
