/*
 * summary: staff.R.summary.json of enrold(8), one JSON object whose last member chains it to the
 * summary before it: sha256 of the previous chain, a newline, and the summary's bytes before
 * `,"chain"`. A rewritten outbox shows, because the ledger and the log keep the heads.
 */
#ifndef ENROLD_SUMMARY_H
#define ENROLD_SUMMARY_H

#include "enrold/artefact.h"
#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/remark.h"
#include "enrold/tally.h"

#include <stdbool.h>

struct summary_file {
	const char *name; /* its public name in the outbox */
	uint64_t bytes;
	char sha256[HASH_TEXT_SIZE + 1];
};

/* A file of an archive. */
struct summary_member {
	const char *name;
	const char *kind; /* of its preset; NULL: it is the manifest */
	uint64_t bytes;
	char sha256[HASH_TEXT_SIZE + 1];
	uint64_t first_line, lines; /* as the answer counts them, through all files; 0: not read */
	uint64_t rows;
};

struct summary {
	const char *run;
	const char *feed;
	const char *mode;            /* "apply" or "preview" */
	const char *status;          /* "done", "refused", "discarded" or "held" */
	const struct error *refusal; /* NULL: none */
	bool exact;
	const char *node;
	const char *policy_sha256;
	const char *input_name;
	uint64_t input_bytes;
	const char *input_sha256;
	uint64_t archived_bytes;     /* of the input as it is archived, where that is not as it was
	                              * dropped */
	const char *archived_sha256; /* NULL: it is */
	const char *preset;          /* "canvas/users", of an archive "canvas"; NULL: none */
	const struct summary_member *members; /* of an archive, */
	size_t members_count;                 /* 0: it is none */
	const struct tally *tally;
	const struct remarks *remarks; /* NULL: none */
	int64_t started_us;            /* epoch microseconds */
	int64_t finished_us;
	struct summary_file files[ARTEFACTS];
	size_t files_count;
	uint64_t plan_rows, plan_people; /* of the plan that waits for a person; 0: there is none */
	const char *order; /* what a person ordered, as an order's file has it; NULL: nobody did */
	uint64_t number;   /* in the chain */
	const char *previous; /* the chain so far */
};

/* Appends the summary, with a newline after it, and gives the new chain. It can always be made: in
 * texts from outside, bytes that are not UTF-8 and controls become U+FFFD. RETRY: out of memory. */
struct error summary_format(
    const struct summary *summary, struct buffer *out, char chain[HASH_TEXT_SIZE + 1]) MUST_CHECK;

/* Read from a summary in the ledger: its chain and the one before it, and what a person needs to
 * know of a refusal. A text that somebody else has written there has no chain (""), and is told as
 * such. */
void summary_find_chain(struct slice text, char chain[HASH_TEXT_SIZE + 1]);
void summary_find_previous(struct slice text, char previous[HASH_TEXT_SIZE + 1]);
/* Its place in the chain; 0: of a time without. */
uint64_t summary_find_number(struct slice text);
bool summary_is_preview(struct slice text);
bool summary_is_of(struct slice text, const char *run);
/* Or discarded: its input is put aside. */
bool summary_is_refused(struct slice text);
bool summary_is_held(struct slice text);
/* A refusal, or a remark on words, may show a cell of the file; no other summary has one. */
bool summary_quotes_cells(struct slice text);
/* It carried out a person's word about another run. */
bool summary_is_ordered(struct slice text);
void summary_explain(struct slice text, struct buffer *out);
/* Its remarks, one after the other. Texts are borrowed until the call returns. */
typedef void summary_on_remark(void *context, const char *code, const char *message);
void summary_each_remark(struct slice text, summary_on_remark *on_remark, void *context);
/* The code and the sentence of a refusal, cut to their sizes; "": none, or not to be read. */
void summary_find_refusal(
    struct slice text, char *code, size_t code_size, char *reason, size_t reason_size);

/* The hash of its input as it is archived; "": as it was dropped. */
void summary_find_archived(struct slice text, char sha256[HASH_TEXT_SIZE + 1]);

/* How much its plan is about; 0: it has none. */
void summary_find_plan(struct slice text, uint64_t *rows, uint64_t *people);
/* Why something was withheld, as its remarks say. */
void summary_find_withheld(
    struct slice text, char *code, size_t code_size, char *reason, size_t reason_size);

/* RFC 3339, UTC, milliseconds: "2026-11-24T02:57:44.123Z". */
enum { TIME_TEXT_SIZE = 32 };
void summary_time(int64_t epoch_us, char text[TIME_TEXT_SIZE]);
/* Back to epoch microseconds; 0: it is not that. */
int64_t summary_parse_time(const char *text);
/* When the run was done; 0: that cannot be read. */
int64_t summary_find_finished(struct slice text);

#endif
