/*
 * rule: whether a notice is told, and as what: one notice, one message at most. Pure; it is
 * judged by the notice's own time, so that the same notice is judged alike whenever it comes again.
 * What is told is noted with the time of now: nobody is reminded of what has just been sent.
 *
 *     errors     a cause (code and column) that the feed's last answer did not have; all of them
 *                again after a week
 *     held       a plan waits, and none of the same code did, or one about half as many people;
 *                again after a week
 *     refused    each refused file; one of the same name that is refused for the same reason in the
 *                same line: daily; again after a week without an accepted file
 *     late       once, late or stale; again after a week
 *     due        each: the daemon has one a day
 *     recovered  the end of what was told
 *     success    each file that was applied
 *
 * Previews tell nothing: whoever asked for one waits for its answer. Errors of a run that releases
 * a part, or takes something back, are no news of the feed's files: it is no accepted one.
 */
#ifndef NOTIFY_RULE_H
#define NOTIFY_RULE_H

#include "told.h"

/* In the order in which a message is called by the first of its. The first four are troubles. */
enum tell {
	TELL_REFUSED,
	TELL_HELD,
	TELL_ERRORS,
	TELL_LATE,
	TELL_DUE,
	TELL_RECOVERED,
	TELL_SUCCESS,
	TELLS,
};

#define TELL_BIT(tell) (1U << (unsigned)(tell))

const char *tell_name(enum tell tell);

/* One message that is to be sent. */
struct telling {
	unsigned tells;      /* bits; never 0 */
	unsigned over, open; /* bits of troubles: that have ended, that last */
	bool is_reminder;    /* nothing is new */
	uint32_t new_causes; /* bits of the notice's: not in the last answer */
	int64_t at_s;
	char key[TOLD_KEY_SIZE];    /* of letters, digits and -_. */
	char thread[TOLD_KEY_SIZE]; /* the key of the first message of this trouble; "": this */
};

enum tell telling_leads(const struct telling *telling);

/* Changes *told as the notice says; notes its id. on: bits of what is wanted. False: nobody is to
 * be told, or it had been settled before. */
bool rule_apply(struct told *told, const struct notice *notice, unsigned on, int64_t now_s,
    struct telling *telling);

/*
 * Without a notice: plans that nobody has decided upon, a file that was refused and never came
 * right, a feed that is still late, each weekly; and plans that wait no more, because their cards
 * are not among `open` (run ids, sorted). One message a call: call until it is false.
 */
bool rule_look(struct told *told, const char *feed, const char *const *open, size_t open_count,
    unsigned on, int64_t now_s, struct telling *telling);

#endif
