/*
 * outgoing: one message for one recipient, as it waits in <spool>/notify/out/. It is written once
 * and never changed: what is sent again is the same to the last byte. Pure.
 */
#ifndef NOTIFY_OUTGOING_H
#define NOTIFY_OUTGOING_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/error.h"

#include "told.h"

struct outgoing {
	const char *key, *feed;
	const char *to; /* an address; NULL: the feed's webhook, whatever it is when it is sent */
	const char *event;
	int64_t made_ms;
	struct slice body;
};

enum { OUTGOING_NAME_SIZE = TOLD_KEY_SIZE + 32 };

/* Same key and recipient, same name. RETRY: no memory. */
struct error outgoing_name(
    const struct outgoing *outgoing, char name[OUTGOING_NAME_SIZE]) MUST_CHECK;
void outgoing_format(const struct outgoing *outgoing, struct buffer *out);
/* Texts belong to the arena. REJECT. */
struct error outgoing_parse(
    struct slice text, struct arena *arena, struct outgoing *outgoing) MUST_CHECK;

#endif
