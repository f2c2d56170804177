/*
 * reply: what enrold published for one dropped file.
 */
#ifndef SUPPORT_REPLY_H
#define SUPPORT_REPLY_H

#include "rig.h"
#include "table.h"

#include <jansson.h>

struct reply {
	json_t *summary;
	const char *run;
	struct path result_path, retry_path; /* "" when the summary names no such file */
	struct table result;                 /* with its header */
	struct buffer retry;
};

/* How many answers there are to files of this name ("hr/staff.csv"). */
size_t reply_count(const struct rig *rig, const char *name);
/* The nth of them (0 is the first) in the order of their runs; fatal when there are too few. */
void reply_open(struct reply *reply, const struct rig *rig, const char *name, size_t nth);
/* The file is dropped, into a folder that is made if need be, and run; this is what enrold answers.
 */
void reply_to(struct reply *reply, struct rig *rig, const char *name, const char *text);
void reply_close(struct reply *reply);

const char *reply_status(const struct reply *reply);
const char *reply_refusal(const struct reply *reply); /* its code, "" when not refused */
json_int_t reply_number(const struct reply *reply, const char *group, const char *name);

/* A line as a test expects it; NULL or 0: whatever. */
struct expected {
	int line;
	const char *column;
	const char *outcome;
	const char *code;
};

/* How many lines of the result are like that. */
size_t reply_lines(const struct reply *reply, struct expected expected);
/* A cell of the nth of them, "" when there are too few. */
const char *reply_cell(
    const struct reply *reply, struct expected expected, size_t nth, const char *column);
/* Fatal, with the result's text, when one is not there exactly once. */
void reply_expect(const struct reply *reply, const struct expected *expected, size_t count);

#define EXPECT(reply, ...)                                                                         \
	reply_expect((reply), (const struct expected[]){__VA_ARGS__},                              \
	    sizeof((const struct expected[]){__VA_ARGS__}) / sizeof(struct expected))

#endif
