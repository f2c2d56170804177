/*
 * plan_sheet: staff.R.plan.csv, what a run withheld or would do, for a person to read before he
 * releases or discards it: the rows of the answer, by course, with the columns
 * `fullname,course_fullname,last_listed,has_grades` behind them. Made of the run's result.csv at
 * its end; read again as what was approved.
 */
#ifndef ENROLD_PLAN_SHEET_H
#define ENROLD_PLAN_SHEET_H

#include "enrold/approval.h"
#include "enrold/artefact.h"
#include "enrold/error.h"
#include "enrold/plan_details.h"
#include "enrold/result.h"

/* Answers for some hundred rows at once, each asked about once. */
typedef struct error plan_sheet_ask(
    void *context, struct plan_detail *details, size_t count, struct arena *arena);

struct plan_sheet_terms {
	bool is_whole; /* every row that would do something; else those that were withheld */
	plan_sheet_ask *ask;
	void *context;
};

struct plan_sheet {
	uint64_t rows, people, bytes;
	char sha256[HASH_TEXT_SIZE + 1];
	/* The same for plans that would do the same to the same people, whatever their run. */
	char content[HASH_TEXT_SIZE + 1];
};

/* Reads result.csv of the directory up to its size, and makes plan.csv beside it, which may be
 * there already, flushed; no rows: no file,
 * but of a file that is held. Linear; memory is some bytes a row. */
struct error plan_sheet_make(int directory, uint64_t result_bytes,
    const struct plan_sheet_terms *terms, struct plan_sheet *sheet) MUST_CHECK;

/* The rows of a plan, in the order of the file; false: no more are wanted. REJECT altered: it is
 * not the file of that hash, and nothing counts of what rows were given. */
typedef bool plan_sheet_on_row(void *context, struct slice row);
struct error plan_sheet_read(
    int file, const char *sha256, plan_sheet_on_row *on_row, void *context) MUST_CHECK;
/* The same as an approval, ended; on errors there is nothing in it. courses: short names that
 * count, count 0: all; rows of others, and those whose course the plan does not tell, are then not
 * approved: of a row about a role or a group it is told by the row of the same line and number. */
struct error plan_sheet_approve(int file, const char *sha256, const struct slice *courses,
    size_t courses_count, struct approval *approval) MUST_CHECK;

/* How many people it is about in each course, the courses with the most first, and how many would
 * lose something. Names lie in the arena. REJECT altered, the same. */
enum { PLAN_COURSES_MAX = 20 };
struct plan_course {
	struct slice name;
	uint64_t people;
};
struct plan_courses {
	struct plan_course items[PLAN_COURSES_MAX];
	size_t count;
	uint64_t others; /* courses beyond these */
	uint64_t people_losing;
};
struct error plan_sheet_count_courses(
    int file, const char *sha256, struct arena *arena, struct plan_courses *courses) MUST_CHECK;

#endif
