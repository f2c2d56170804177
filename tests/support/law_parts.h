/* law_parts: what the parts of the law's checker share. Nobody else includes it. */
#ifndef SUPPORT_LAW_PARTS_H
#define SUPPORT_LAW_PARTS_H

#include "enrold/arena.h"

#include "law.h"
#include "table.h"

#include <jansson.h>

enum { LAW_RUN_SIZE = 23 };

/* A row of the ledger, and what was found of it. Texts lie in the arena, never NULL. */
struct law_run {
	const char *run, *state, *feed, *name, *sha256, *policy;
	const char *input_pruned, *answer_pruned;
	const char *summary, *summary_sha256, *result_sha256, *retry_sha256, *plan_sha256;
	const char *report_sha256;
	int64_t bytes, records, result_bytes;
	size_t in_archive, in_quarantine, in_held, in_work; /* copies of its input */
	/* Paths in the outbox, "" when there is no such file. */
	const char *summary_path, *result_path, *retry_path, *plan_path, *report_path;
	size_t files_count;    /* in the outbox, the summary not among them */
	json_t *json;          /* the ledger's summary; NULL: none */
	size_t commit;         /* place in the chain, from 1; 0: not in it */
	struct law_plan *plan; /* what it has withheld, or would do; NULL: nothing */
};

/* A row of the plans, and what was found of it in held/. Texts as above. */
struct law_plan {
	const char *run, *feed, *sha256, *state, *closed_by, *source;
	bool is_whole;
	size_t sheets, cards;
};

/* A row of the list of a run that prunes. */
struct law_pruned {
	const char *by, *run, *kind, *sha256, *number, *previous, *chain, *place;
	bool is_at_it; /* that run is not published to its end */
};

struct law {
	const struct rig *rig;
	enum law_moment moment;
	struct law_report *report;
	struct arena *arena;
	sqlite3 *database;
	struct law_run *runs; /* sorted by run */
	size_t runs_count;
	struct law_plan *plans; /* sorted by run */
	size_t plans_count;
	struct law_pruned *pruned;
	size_t pruned_count, pruned_room;
};

void law_break(struct law *law, const char *format, ...) PRINTF_LIKE(2, 3);
struct law_run *law_find(const struct law *law, const char *run);
const char *law_copy(struct law *law, const char *text);
/* The text starts like the shape, in which d is any digit. */
bool law_has_shape(const char *text, const char *shape);
/* The last run id in a file's name; false: there is none. */
bool law_read_run(const char *name, char run[LAW_RUN_SIZE]);
bool law_has_ended(const struct law_run *run); /* not running */
/* Refused or discarded. */
bool law_is_put_aside(const struct law_run *run);
/* The file is held as a whole, or was, or would have been: its result says what would be done. */
bool law_is_rehearsed(const struct law_run *run);
/* It carried out a person's word; its input is none that was dropped. */
bool law_is_ordered(const struct law_run *run);
/* The run whose plan it is about, by its name; NULL: it released none. */
struct law_run *law_released(const struct law *law, const struct law_run *run);
/* A code of rows that say what would be done, had it not been withheld. */
bool law_is_withheld(const char *code);
/* Of a row that is `undone`: "unenrolled", and the like. */
const char *law_undone_code(const char *column, const char *before, const char *after);
/* Its plan waits for a person. */
bool law_is_open(const struct law_plan *plan);
/* A plan of that run's input waits for a person. */
bool law_needs_input(const struct law *law, const struct law_run *run);
/* The plan is closed, and its file not wanted. */
bool law_is_unwanted(const struct law_plan *plan);
const char *law_member(const json_t *object, const char *name); /* a text, "" when it is none */

/* Of the ending that a dropped file keeps: 4 of "night.zip". 0: it has none that is known. */
size_t law_ending_size(const char *name);
/* staff.R.<something> for staff.csv; a stem too long for the name may have been cut. */
void law_check_name(struct law *law, const struct law_run *run, const char *path);
/* A file of held/<feed>/; path is relative to the spool. Whether it is the input of the run. */
bool law_take_held(struct law *law, struct law_run *run, const char *path);
/* Before all others. */
void law_load_pruned(struct law *law);
/* A row of the list whose file has gone. */
bool law_is_gone(const struct law *law, const struct law_pruned *row);
/* A file of that place, below the spool, is listed. */
bool law_is_listed(const struct law *law, const char *place);
/* It, or what the witness has of it where it was pruned. */
struct path law_find_kept(const struct law *law, const char *path);
bool law_is_pruned_by(const struct law *law, const char *run, const char *kind, const char *by);
void law_find_pruned_answers(struct law *law);
void law_check_places(struct law *law);
void law_check_plans(struct law *law);
void law_check_answers(struct law *law);
void law_check_chain(struct law *law);
/* After the chain. */
void law_check_notes(struct law *law);
void law_check_lms(struct law *law);

#endif
