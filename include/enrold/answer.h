/*
 * answer: the artefacts of one run, result.csv and retry.csv, as they grow batch by batch in the
 * run's directory; see enrold.csv(5). They get their public names later, by publish.
 *
 * What was written is durable only after answer_sync; the byte counts that it gives go into the
 * checkpoint, and answer_begin cuts the files back to them.
 */
#ifndef ENROLD_ANSWER_H
#define ENROLD_ANSWER_H

#include "enrold/artefact.h"
#include "enrold/batch.h"
#include "enrold/error.h"
#include "enrold/plan.h"
#include "enrold/problems.h"
#include "enrold/tally.h"

#define ANSWER_CHORES "aftercare.jsonl"
/* Of a large result.csv, when it was written in one go: see answer_index.h. */
#define ANSWER_INDEX "index"

struct answer;

/* The answered file and its run; and, when its name is that of a retry file, those that its rows
 * come from, else empty. Texts are borrowed until close. */
struct answer_source {
	struct slice file, run;
	struct slice origin_file, origin_run;
	bool wants_index;
};

/*
 * directory: of the run, borrowed until close. The header is borrowed too. Nothing is changed: the
 * files may be another daemon's by now, which took us for dead. It is safe to go on when the
 * directory still stands where ours do: a daemon that takes it over later makes the files anew.
 */
struct error answer_open(int directory, const struct header *header,
    const struct answer_source *source, const struct artefact_sizes *sizes,
    struct answer **result) MUST_CHECK;
struct error answer_begin(struct answer *answer) MUST_CHECK;
void answer_close(struct answer *answer);
/* Cuts the files to these sizes at once: the attempt has failed, perhaps because the disk is full,
 * and others need the room. */
void answer_cut(struct answer *answer, const struct artefact_sizes *sizes);

/* Writes the lines of a batch and counts them. */
struct error answer_add(struct answer *answer, const struct batch *batch, const struct plan *plan,
    struct tally *tally) MUST_CHECK;
/* Hands all of it to the system; who shares a flush does the rest. */
struct error answer_write(struct answer *answer, struct artefact_sizes *sizes) MUST_CHECK;
struct error answer_sync(struct answer *answer, struct artefact_sizes *sizes) MUST_CHECK;
/* What went wrong so far, in this process and before. It belongs to the answer. */
struct problems *answer_problems(struct answer *answer);
/* Of all files. Nothing may be added after. */
void answer_hashes(struct answer *answer, struct artefact_hashes *hashes);

#endif
