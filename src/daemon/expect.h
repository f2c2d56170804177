/*
 * expect: whether a feed is late or stale, by what its settings expect (enrold.yaml(5), In expect
 * of a feed), and when that can change.
 *
 * A deadline is a time of `by` on an expected day. It is met by a file that was accepted behind the
 * deadline before it: nobody can tell one that comes after a deadline from one that is early for
 * the next. The first that has passed unmet makes the feed late, until a file comes. A feed without
 * any file is late from the first deadline behind `known_s`.
 *
 * Pure: it reads no clock, and knows of time only what the process's time zone says, which is the
 * site's. Moments are seconds since 1970. A deadline's own second is still in time.
 */
#ifndef DAEMON_EXPECT_H
#define DAEMON_EXPECT_H

#include "enrold/policy.h"

/* What is further back is not looked for: nobody is helped by knowing for how many years. */
enum { EXPECT_DAYS_MAX = 400 };

struct expect_history {
	int64_t known_s;    /* since when the feed is known with these settings */
	int64_t accepted_s; /* when the newest accepted file was done; 0: there is none */
	int64_t changed_s;  /* when the first of its last ones that are the same bytes was */
	bool is_repeated;   /* these are two or more */
};

struct expect_verdict {
	int64_t late_s;   /* the first deadline missed; 0: not late */
	int64_t missed_s; /* the last deadline missed; 0: not late */
	int64_t stale_s;  /* since then; 0: not stale */
	int64_t next_s;   /* the first deadline to come that is not met yet; 0: none */
	int64_t wake_s; /* the verdict stays so until then, if no file comes; INT64_MAX: for ever */
};

/* What has been said of a feed; zeroed: nothing. */
struct expect_told {
	int64_t missed_s; /* the last deadline of which it was said that it was missed; 0: none */
	bool is_stale;
	int64_t accepted_s; /* the newest file then */
};

enum expect_news { EXPECT_LATE = 1, EXPECT_STALE = 2, EXPECT_ON_TIME = 4, EXPECT_FRESH = 8 };

void expect_judge(const struct policy_expect *expect, const struct expect_history *history,
    int64_t now_s, struct expect_verdict *verdict);
/* Which of that is news: each missed deadline once, and that it is over when a file has come, not
 * when a clock or the settings have moved. */
unsigned expect_tell(
    struct expect_told *told, const struct expect_verdict *verdict, int64_t accepted_s);

#endif
