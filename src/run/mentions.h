/*
 * mentions: who is where by a run's rows (plan.h), as they are done: a file in R's directory that
 * becomes <spool>/listed/FEED, so that other feeds know whom this one's last file lists. What
 * belongs to which checkpoint stands in it, for a run that goes on later.
 */
#ifndef RUN_MENTIONS_H
#define RUN_MENTIONS_H

#include "run_state.h"

#include "enrold/hashlist.h"

#include <sys/types.h>

enum {
	ROW_HEAD = MENTION_UNKNOWN + 1, /* the first; is_new: of a retry file */
	ROW_CHECKPOINT,                 /* user: so many records */
	ROW_PART,                       /* who is not in the file may be there all the same */
};

/* Behind the feed's name: of its files that were not accepted, all together, as long as they are
 * newer than the one that was. Both count: whom they list is present, and so is whom they have
 * lost. */
#define MENTIONS_PART ".part"
enum { MENTIONS_NAME_SIZE = FEED_NAME_MAX + sizeof MENTIONS_PART };

/* As it stands in the file, in the machine's own order of bytes. */
struct mention_row {
	int64_t user;      /* MENTION_UNKNOWN: the line */
	int64_t enrol;     /* of a course: its instance; 0: none */
	int64_t enrolment; /* user_enrolments.id; 0: not known, as of those that were just made */
	/* MENTION_UNKNOWN: tells its row from others (record_mark). MENTION_LISTED: 1 where the
	 * enrolment is suspended all the same, as by somebody's hand. */
	uint32_t mark;
	uint16_t kind;   /* a mention_kind, or one of the above */
	uint16_t is_new; /* made by this run: the enrolment, or the account */
};

struct mentions_file {
	struct run *run;
	int file; /* -1: nothing is noted */
	off_t committed;
};

/* Begins an attempt at the run, from its last checkpoint on. */
struct error mentions_open(
    struct mentions_file *mentions, struct run *run, bool is_retry) MUST_CHECK;
/* Once the plan was applied. */
struct error mentions_add(
    struct mentions_file *mentions, const struct batch *batch, const struct plan *plan) MUST_CHECK;
/* The file is not accepted: it takes nobody's place. */
struct error mentions_note_part(struct mentions_file *mentions) MUST_CHECK;
/* Before a commit at so many records, and after it. */
struct error mentions_sync(struct mentions_file *mentions, uint64_t records) MUST_CHECK;
struct error mentions_commit(struct mentions_file *mentions) MUST_CHECK;
/* What was not committed is undone. */
void mentions_cut(struct mentions_file *mentions);
void mentions_close(struct mentions_file *mentions);

/* Every row of such a file, front to back; false ends it. A file that ends in the middle of a row
 * is that of a run that was killed: what is whole counts. */
typedef bool mentions_on_row(void *context, const struct mention_row *row);
struct error mentions_read(int file, mentions_on_row *on_row, void *context) MUST_CHECK;

/* The run is over: what it lists takes the place of what the feed's last file did; of a retry file
 * it is added to it; of one that was not accepted it stands beside it. */
struct error mentions_publish(const struct run *run) MUST_CHECK;

#endif
