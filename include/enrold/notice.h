/*
 * notice: what enrold-notify is told, and the durable queue it is told by.
 *
 *     <spool>/notify/queue/ID.json     to be looked at by enrold-notify, oldest first
 *     <spool>/notify/                  besides: enrold-notify's own (src/notify)
 *
 * The daemon writes facts, never decides who hears of them, and never waits for anybody: one small
 * file for each run of a feed that has somebody to tell, and for what happens to a feed without a
 * run. enrold-notify decides by the settings of then (`on`, what the feed's last answer had already
 * had, addresses), sends, and removes the file when that is settled.
 *
 * A notice holds codes, counts, line numbers and paths; never a cell's text nor a person's data: no
 * message of an outcome, no target, no user name. (The file's name is that of a path.)
 *
 * ID is the run's, or "late-hr-20261126T060000Z" and the like: the same fact has the same ID
 * whenever it is written, which makes it the idempotency key (Message-ID, Idempotency-Key).
 */
#ifndef ENROLD_NOTICE_H
#define ENROLD_NOTICE_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/outcome.h"

#include <stdbool.h>
#include <stdint.h>

enum notice_kind {
	NOTICE_RUN,     /* a run has ended */
	NOTICE_LATE,    /* no accepted file since the deadline before */
	NOTICE_STALE,   /* for as long as `fresh` says only the same bytes */
	NOTICE_ON_TIME, /* late or stale is over */
	NOTICE_DUE,     /* within three days grace is over for so many people; one a day */
	NOTICE_KINDS
};

enum {
	NOTICE_ID_MAX = 80, /* of A-Z a-z 0-9 . _ -, and no dot in front */
	NOTICE_CAUSES_MAX = 32,
	NOTICE_QUEUE_MAX = 10000,
	NOTICE_TEXT_MAX = 64 << 10, /* bytes */
};

struct notice_cause {
	const char *outcome, *code, *column; /* column: "course", its number left out; "": none */
	uint64_t rows, line;                 /* line: of the first; 0: none */
	const char *member;                  /* the file of an archive in which that is, */
	uint64_t member_line;                /* and where */
};

/* Texts are borrowed by notice_format, and belong to the arena after notice_parse. NULL texts are
 * absent. */
struct notice {
	enum notice_kind kind;
	const char *id, *feed, *node;
	int64_t at_us; /* epoch microseconds */

	/* NOTICE_RUN */
	const char *run, *file, *mode, *status; /* words of the summary */
	const char *code;                       /* of a refusal, or of why it is held or withheld */
	uint64_t line;                          /* of a refusal, */
	const char *member;                     /* in this file of an archive, */
	uint64_t member_line;                   /* and where there */
	uint64_t number;                        /* in the chain */
	const char *origin;                     /* of a retry file: the run whose rows it has */
	bool is_accepted;                       /* as accepted.h has it */
	bool has_passwords; /* the file has a column of passwords: nothing of it is ever attached */
	uint64_t rows, rows_in_error, outcomes[OUTCOME_KINDS];
	uint64_t plan_rows, plan_people;   /* that wait for a person */
	const char *order_verb, *order_of; /* what a person had ordered; not who, nor why */
	struct notice_cause *causes;
	size_t causes_count;
	uint64_t other_rows;                                  /* of causes beyond these */
	const char *result, *retry, *plan, *report, *summary; /* absolute paths */

	/* NOTICE_LATE, NOTICE_STALE */
	int64_t since_us; /* of the first deadline missed; of the first file with the same bytes */
	const char *expected; /* "06:00"; NULL: stale */

	/* NOTICE_DUE */
	uint64_t people;
	const char *day; /* "2026-12-01" */
};

/* "run", "late", "stale", "on_time", "due". */
const char *notice_kind_name(enum notice_kind kind);
/* One JSON object with `"v":1`, and a newline: what its kind has, and no member for what is absent
 * or 0. In texts from outside (the file's name), what is no UTF-8 and controls become U+FFFD; a
 * path with such a name then leads nowhere. */
void notice_format(const struct notice *notice, struct buffer *out);
/* What was written so, whatever members a later version has added. No text has a control character
 * then, and the ID can be a file's name. REJECT: it is no notice that this version knows. RETRY: no
 * memory. */
struct error notice_parse(struct slice text, struct arena *arena, struct notice *notice) MUST_CHECK;

/* Durably, unless it lies there already. root: the spool's. RETRY. A queue of NOTICE_QUEUE_MAX
 * takes no more: *is_full. What does not end in .json there is one that is being written. */
struct error notice_queue(int root, const struct notice *notice, bool *is_full) MUST_CHECK;
/* How many wait, and since when the oldest (0: none does). */
struct error notice_count(int root, size_t *count, int64_t *oldest_s) MUST_CHECK;
/* The directory, made when missing; the caller closes it. */
struct error notice_open_queue(int root, int *directory) MUST_CHECK;

#endif
