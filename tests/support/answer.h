/*
 * answer: what enrold published for one dropped file.
 */
#ifndef SUPPORT_ANSWER_H
#define SUPPORT_ANSWER_H

#include "spool.h"
#include "table.h"

#include <jansson.h>

struct answer {
	json_t *summary;
	const char *run;
	struct path result_path, retry_path; /* "" when the summary names no such file */
	struct table result;                 /* with its header */
	struct buffer retry;
};

/* How many answers there are to files of this name ("hr/staff.csv"). */
size_t answer_count(const struct spool *spool, const char *name);
/* The nth of them (0 is the first) in the order of their runs; fatal when there are too few. */
void answer_open(struct answer *answer, const struct spool *spool, const char *name, size_t nth);
void answer_close(struct answer *answer);

const char *answer_status(const struct answer *answer);
const char *answer_refusal(const struct answer *answer); /* its code, "" when not refused */
json_int_t answer_number(const struct answer *answer, const char *group, const char *name);

/* A line as a test expects it; NULL or 0: whatever. */
struct expected {
	int line;
	const char *column;
	const char *outcome;
	const char *code;
};

/* How many lines of the result are like that. */
size_t answer_lines(const struct answer *answer, struct expected expected);
/* A cell of the nth of them, "" when there are too few. */
const char *answer_cell(
    const struct answer *answer, struct expected expected, size_t nth, const char *column);
/* Fatal, with the result's text, when one is not there exactly once. */
void answer_expect(const struct answer *answer, const struct expected *expected, size_t count);

#define EXPECT(answer, ...)                                                                        \
	answer_expect((answer), (const struct expected[]){__VA_ARGS__},                            \
	    sizeof((const struct expected[]){__VA_ARGS__}) / sizeof(struct expected))

#endif
