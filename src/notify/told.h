/*
 * told: what a feed's people have been told, so that they hear of each trouble once, weekly while
 * it lasts, and of its end. Plain data; <spool>/notify/state/FEED.json holds it as JSON. Pure.
 *
 * It also knows the last notices that were settled: whatever comes again, because somebody was
 * killed between two steps, is none.
 */
#ifndef NOTIFY_TOLD_H
#define NOTIFY_TOLD_H

#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/names.h"
#include "enrold/notice.h"
#include "enrold/runid.h"

enum trouble { TROUBLE_REFUSED, TROUBLE_HELD, TROUBLE_ERRORS, TROUBLE_LATE, TROUBLES };

enum {
	TOLD_WORD_SIZE = 64,
	TOLD_PLANS_MAX = 16,
	TOLD_SEEN_MAX = 64,
	/* A notice's ID, a dot, a word. */
	TOLD_KEY_SIZE = NOTICE_ID_MAX + 16,
};

/* In all of them told_s 0: nobody has been told. Epoch seconds. */
struct told_problem {
	char code[TOLD_WORD_SIZE], column[TOLD_WORD_SIZE];
	int64_t told_s;
};

struct told_plan {
	char run[RUN_ID_SIZE + 1], code[TOLD_WORD_SIZE];
	uint64_t people, people_told;
	int64_t since_s, told_s;
};

struct told_refusal {
	char run[RUN_ID_SIZE + 1]; /* "": none */
	char file[FILE_NAME_SIZE], code[TOLD_WORD_SIZE];
	uint64_t line;               /* 0: none */
	char member[FILE_NAME_SIZE]; /* the line is that file's, of an archive; "": no archive */
	int64_t since_s, told_s;
};

struct told_late {
	bool is_late, is_stale;
	int64_t since_s, told_s;
};

struct told {
	char answer[RUN_ID_SIZE + 1]; /* the run of the last answer; "": not known */
	struct told_problem problems[NOTICE_CAUSES_MAX]; /* of it */
	size_t problems_count;
	struct told_plan plans[TOLD_PLANS_MAX]; /* that wait, oldest first */
	size_t plans_count;
	struct told_refusal refusal; /* the last one since a file was accepted */
	struct told_late late;
	char threads[TROUBLES][TOLD_KEY_SIZE]; /* the first message of each; "": none */
	char seen[TOLD_SEEN_MAX][NOTICE_ID_MAX + 1];
	size_t seen_count;
};

bool told_has_seen(const struct told *told, const char *id);
void told_see(struct told *told, const char *id);
/* It lasts, told or not. */
bool told_has(const struct told *told, enum trouble trouble);
const char *trouble_name(enum trouble trouble);

void told_format(const struct told *told, struct buffer *out);
/* REJECT: it is nothing of the kind; then *told is as of a feed that is new. */
struct error told_parse(struct slice text, struct told *told) MUST_CHECK;

#endif
