/*
 * fate: what becomes of a message after an attempt, and when the next one is. Pure.
 *
 *     SENT      the other side has it
 *     REFUSED   it does not want this one, ever: nothing is gained by asking again
 *     LATER     it does not want this one now, as by greylisting
 *     AWAY      nothing can be had of the other side now: whatever is for it waits
 */
#ifndef NOTIFY_FATE_H
#define NOTIFY_FATE_H

#include <stdbool.h>
#include <stdint.h>

enum fate { FATE_SENT, FATE_REFUSED, FATE_LATER, FATE_AWAY };

/* code: the last reply's, 0: there was none. words: what libcurl says of it. is_whole: the text of
 * the mail has been sent. */
enum fate fate_of_mail(bool is_ok, long code, const char *words, bool is_whole);
/* A status that has come counts, whatever became of the rest. */
enum fate fate_of_webhook(long status);

/* Milliseconds. */
struct pace {
	int64_t first, most, give_up; /* the first pause, the longest, all in all */
	int64_t connect, whole;       /* of one attempt */
};

struct pace pace_usual(void);
/* "first,most,give_up,connect,whole", for tests. False: it is not that. */
bool pace_parse(const char *text, struct pace *pace);
/* It waits for so long, and so long is known to this process: what has waited for a machine that
 * was off, or for a clock that was set, is tried for an hour at least. */
bool pace_is_over(const struct pace *pace, int64_t age_ms, int64_t known_ms);
/* Before the next attempt after so many in vain: twice as long each time, a fifth more or less by
 * chance (any number), and no less than the other side asks for, but never above the longest. */
int64_t pace_pause(
    const struct pace *pace, unsigned failures, int64_t retry_after_ms, uint32_t chance);

#endif
