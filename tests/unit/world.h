/*
 * world: a little LMS without a database, for tests of the plan: people, courses, and who is in
 * them; a file's text goes in, outcomes and changes come out as text.
 *
 *     alice 3   heidi 10 (in SAFETY)   ivan 11 (suspended there)   judy 12 (expired there)
 *     bob 4     carol 5   dup1 6, dup2 7 (one address)   smith 8, smith1 9   admin 2, guest 1
 *     vera 16 (auditor in some course)
 *     norma 17 (in SAFETY, by a cohort as well, which gave her teacher)   otis 18 (by a cohort
 * only) gina 19 (there, with grades, in Alpha by a component; leaving SALES would purge) rolf 20
 * (suspended there with his role)   sven 21 (suspended there without) mona 13 (manager of the site)
 * otto 14 (that, and auditor)   oscar 15 (manager of SAFETY)
 */
#ifndef UNIT_WORLD_H
#define UNIT_WORLD_H

#include "enrold/buffer.h"
#include "enrold/plan.h"
#include "enrold/undo.h"

enum { WORLD_NOW = 1795444310, WORLD_TODAY = 1795392000, WORLD_DAY = 86400 };

/* What was written, where files take something away and facts are loaded more than once. */
struct world_memory {
	struct enrolment_facts *places;
	struct membership_facts *memberships;
	size_t places_count, places_room, memberships_count, memberships_room;
};

struct world {
	struct arena *arena;
	struct world_memory memory;
	struct policy policy;
	struct site_facts site;
	struct header *header;
	struct batch batch;
	bool is_preview;    /* what is read from now on */
	unsigned withholds; /* the same */
	const struct approval *approval;
	bool has_absent; /* whoever is suspended in a course is that by absence */
	int rounds;
	/* "line column outcome code", a line each; and the changes, a line each. */
	struct buffer outcomes, changes;
	struct buffer mentions; /* "line kind person course", a line each; + behind what is new */
	struct buffer remarks;  /* "code: message", a line each */
	uint64_t counts[REMARK_CODES];
	struct outcome last;
	void (*on_outcome)(const struct outcome *outcome); /* of each, when set */
};

/* The feed's keys as in a policy line, "upload_type=add"; see config.h. Fatal when they are bad. */
void world_init(struct world *world, const char *policy);
void world_done(struct world *world);
/* A whole file, header first, in one batch and as many rounds as it takes. */
void world_run(struct world *world, const char *text);
/* The same of any bytes; REJECT: no header can be made of them, or they end in a quote. */
struct error world_read(struct world *world, const char *bytes, size_t size) MUST_CHECK;
/* Rows of a result, the last first, are taken back; each row of the answer as "done undone: before
 * -> after". */
void world_undo(struct world *world, struct undo_row **rows, size_t count);
/* Both as texts that end with a NUL. */
const char *world_outcomes(struct world *world);
const char *world_changes(struct world *world);
const char *world_mentions(struct world *world);
/* Of all that was read so far. */
const char *world_remarks(struct world *world);

struct world_case {
	const char *what;
	const char *policy, *text;
	const char *outcomes, *changes;
};

/* Each of them comes out as it says, or the test has failed. */
void world_expect(const struct world_case *cases, size_t count);
/* The same on a site whose own uploader drops rows for a bad profile field. */
void world_expect_dropping(const struct world_case *cases, size_t count);

#endif
