/*
 * teller: notices become messages in out/, as the rule and the settings of now say. It sends
 * nothing, and knows no network.
 */
#ifndef NOTIFY_TELLER_H
#define NOTIFY_TELLER_H

#include "settings.h"
#include "store.h"

struct teller {
	const struct settings *settings;
	const struct store *store;
	struct arena *arena;
};

/* Works off the oldest notices, at most TELLER_TURN of them; *has_more: there are others. RETRY:
 * what is not settled lies there still; that of one feed keeps no other waiting. */
enum { TELLER_TURN = 50 };
struct error teller_turn(struct teller *teller, int64_t now_ms, bool *has_more) MUST_CHECK;
/* What has to be told because time has passed; a few times an hour. */
struct error teller_look(struct teller *teller, int64_t now_ms) MUST_CHECK;

#endif
