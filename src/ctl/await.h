/*
 * await: the answer to a file that was dropped, as soon as it is in the outbox. It is known by the
 * input's name, mode and checksum, and by not having been there while the file still lay in the
 * inbox; no clock is asked.
 */
#ifndef CTL_AWAIT_H
#define CTL_AWAIT_H

#include "drop.h"

#include "enrold/runid.h"

#include <jansson.h>
#include <limits.h>

struct await {
	const struct drop *drop;
	char place[PATH_MAX]; /* the folder of the answers */
	int outbox;           /* -1: enrold has not made it yet */
	int notify;
	bool is_closed;               /* there is an answer that whoever calls may not read */
	char newest[RUN_ID_SIZE + 1]; /* of the answers that are not ours */
};

/* The drop is open and nothing put yet. REJECT: whoever calls may not read the answers. */
struct error await_open(const struct drop *drop, struct await *await) MUST_CHECK;
void await_close(struct await *await);

/* The answer's summary, given to the caller; NULL: is_closed, or no daemon has the spool any more
 * and the file waits for the next. Otherwise it waits for as long as it takes. */
json_t *await_answer(struct await *await);

#endif
