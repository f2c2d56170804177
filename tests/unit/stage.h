/*
 * stage: feeds on a spool of their own, with a clock of our own and without workers. A play is a
 * text of steps, "> next", each with what came of it in the lines below.
 *
 *     at 500                 the clock's milliseconds
 *     takes 20               every look at the clock costs so many
 *     drop hr/a.csv 40000    a file of so many bytes, 1 if not said
 *     links hr 105           so many links, which nobody takes, and are gone with `unlink hr`
 *     mkdir hr/old           a directory where none belongs
 *     away hr, back hr       the folder below the inbox
 *     network                the spool is another machine's
 *     run 3 hr/a.csv         a run that an earlier process began: feeds_add_run
 *     lost 3                 nothing of it is in work/ any more
 *     hear hr a.csv          of a file; without a name: of the folder; without both: of the spool
 *     scan                   feeds_scan
 *     next short             feeds_next: "hr a.csv short", "hr run 3 yielding last try", or "-"
 *     waiting short          feeds_is_waiting: "yes" or "no"; as with next: whole, if not said
 *     done hr postponed      feeds_done of what `next` gave to the lane; the ends are below
 *     wake, look, tell       feeds_wake_at, feeds_status_find, feeds_log_waiting
 *     anew                   another configuration: feeds_create, feeds_inherit
 *     pause hr, resume hr    what people order, is written down and read: feeds_take_orders
 *     stop 3, release 3, discard 3
 *     read, orders           feeds_take_orders of what stands; that, a line each
 *     has 3                  feeds_has_run
 *
 *     answered, failed, empty, refused, changed, gone, left, elsewhere, yielded, postponed,
 * stopped, held (by a person), discarded
 *
 * each with any of `as 3` (the run that goes on, without it none has been begun), `file` (the error
 * is that file's own), `stale`, and `: the words of the error`.
 *
 * A lane is named by its place below the inbox, "default" and "preview" for those of default. What
 * is logged is a line "level event: message"; of one that a step logs several times, the number.
 */
#ifndef UNIT_STAGE_H
#define UNIT_STAGE_H

#include <stddef.h>

struct stage_case {
	const char *what;
	const char *settings; /* lines at the top level of enrold.yaml; settle is 0, rescan 1h */
	const char *play;
};

/* Each of them comes out as it says, or the test has failed. */
void stage_expect(const struct stage_case *cases, size_t count);

#endif
