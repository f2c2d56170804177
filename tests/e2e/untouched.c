/*
 * Spools on which anything has happened but that somebody touched them: files of all kinds, what
 * people say of them, retention, packing. Then neither verify nor the script names anything.
 *
 *     ENROLD_LIVES=1000 ENROLD_SEED=7 build/release/e2e_untouched_test
 */
#include "reply.h"
#include "rig.h"
#include "scale.h"
#include "tamper.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS = 9, SCRIPT_EVERY = 4 };

static const char *const policies[] = {
    "allow_unenrol: true, removal: unenrol, limits: { by_cell: { count: 1, share: 0%, most: 1 } }",
    "review: true", "upload_type: add_or_update, update_details: file, compress: 0",
    "keep: { answers: 0 }, allow_unenrol: true", "keep: { archive: 0, quarantine: 0 }, compress: 0",
    "upload_type: add_or_update, passwords: cut, keep: { answers: 0, archive: 0, history: 0, "
    "quarantine: 0, held: 0 }"};

static const struct {
	const char *name, *text;
} files[] = {
    {"enrol.csv", "username,course1\np1,C1\np2,C1\np3,C2\n"},
    {"mixed.csv", "username,course1\np1,C1\nnobody,C1\np3,C9\n"},
    {"refused.csv", "username,strange\np1,C1\n"},
    {"preview/look.csv", "username,course1\np4,C3\n"},
    {"leave.csv", "username,course1,unenrol1\np1,C1,1\np2,C1,1\n"},
    {"people.csv", "username,password,firstname,lastname,email,course1\n"
                   "new1,Secret-1-Word,N,One,n1@x.example,C1\n"
                   "new2,\"Secret, 2 \"\"W\"\"\",N,Two,n2@x.example,\n"},
    {"empty.csv", "username,course1\n"},
    {"\xC3\xBC b\\c.summary.csv", "username,course1\np2,C2\n"},
};

struct life {
	struct rig rig;
	unsigned int seed;
};

static size_t draw(struct life *life, size_t count)
{
	return (size_t)rand_r(&life->seed) % count;
}

static void one_drop(struct life *life)
{
	size_t file = draw(life, sizeof files / sizeof *files);
	rig_drop(&life->rig, files[file].name, files[file].text);
}

/* About the newest run of which it can be said; none: nothing. */
static void order(struct life *life, const char *word, const char *sql)
{
	struct buffer name = rig_query(&life->rig, sql);
	name.bytes[strcspn(name.bytes ? name.bytes : "", "\n")] = '\0';
	if (name.size > 1)
		(void)rig_order(&life->rig, word, name.bytes);
	buffer_done(&name);
}

#define WAITS                                                                                      \
	"SELECT r.name FROM enrold_run r JOIN enrold_plan p ON p.run = r.run WHERE p.state = "     \
	"'open' AND r.run = (SELECT max(run) FROM enrold_run WHERE name = r.name) AND r.name NOT " \
	"LIKE '%-%' LIMIT 1"
#define DONE                                                                                       \
	"SELECT name FROM enrold_run r WHERE state = 'applied' AND run = (SELECT max(run) FROM "   \
	"enrold_run WHERE name = r.name) AND name NOT LIKE '%-%' ORDER BY run DESC LIMIT 1"

static void step(struct life *life)
{
	switch (draw(life, 10)) {
	case 0: order(life, "release", WAITS); break;
	case 1: order(life, "decline", WAITS); break;
	case 2: order(life, "undo", DONE); break;
	case 3: rig_prune(&life->rig, "default", (long)time(NULL) + 86400); break;
	case 4: rig_prune(&life->rig, "default", 0); break;
	default: one_drop(life); break;
	}
	if (draw(life, 3) > 0)
		rig_once(&life->rig);
}

static void life_play(struct life *life, int number)
{
	const char *policy = policies[draw(life, sizeof policies / sizeof *policies)];
	struct path feeds = path_of("  default: { %s, " RIG_MAY_ALL " }\n", policy);
	struct path name = path_of("life %d", number);
	rig_make(&life->rig, &(struct rig_options){.feeds = feeds.text});
	rig_once(&life->rig); /* which makes the folders */
	for (int i = 0; i < STEPS; i++)
		step(life);
	rig_once(&life->rig);
	tamper_expect(&life->rig, name.text, NULL, "");
	if (number % SCRIPT_EVERY == 0)
		tamper_expect_script(&life->rig, name.text, NULL, "");
	rig_remove(&life->rig);
}

Test(untouched, spools_have_nothing_that_could_be_named)
{
	long lives = scale_from_environment("ENROLD_LIVES", SCALE(30, 8));
	unsigned int seed = (unsigned int)scale_from_environment("ENROLD_SEED", time(NULL));
	fprintf(stderr, "untouched: %ld lives from ENROLD_SEED=%u on\n", lives, seed);
	for (int i = 0; i < lives; i++) {
		struct life life = {.seed = seed + (unsigned int)i};
		life_play(&life, i);
	}
}
