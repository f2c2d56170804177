/*
 * power_cut: every scenario, with the power going at the N-th call that changes a file. What had
 * not been flushed may be gone: the spool and the database are put on the disk again as they would
 * be found, and enrold is started. Nothing that was answered is forgotten, nothing comes twice.
 *
 *     ENROLD_SWEEP=1 ENROLD_CUTS=20 build/release/power_cut_test   every N, each cut 20 times
 */
#include "fatal.h"
#include "law.h"
#include "platter.h"
#include "scale.h"
#include "scenario.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

struct recording {
	struct platter *platter;
	long at;
};

/* SQLite's -shm is shared memory, made anew after every power cut. */
static bool is_remembered(const char *path)
{
	return !text_ends(path, "-shm");
}

static void write_note(struct platter *platter, const struct call *call)
{
	struct buffer bytes = tracer_read(call);
	if (call->has_offset)
		platter_write(platter, call->path.text, call->offset, bytes.bytes, bytes.size);
	else
		platter_append(platter, call->path.text, bytes.bytes, bytes.size);
	buffer_done(&bytes);
}

static void note(struct platter *platter, const struct call *call)
{
	const char *path = call->path.text;
	switch (call->kind) {
	case CALL_CREATE: platter_create(platter, path, call->mode, call->truncates); break;
	case CALL_WRITE: write_note(platter, call); break;
	case CALL_SYNC: platter_sync(platter, path); break;
	case CALL_TRUNCATE: platter_truncate(platter, path, call->offset); break;
	case CALL_RENAME: platter_rename(platter, path, call->to.text, call->replaces); break;
	case CALL_UNLINK: platter_unlink(platter, path); break;
	case CALL_MKDIR: platter_make_directory(platter, path); break;
	case CALL_LINK: fatal("the platter knows no links");
	case CALL_ATTRIBUTES:
	case CALL_OPEN:
	case CALL_READ:
	case CALL_LIST: break;
	}
}

static struct verdict record(void *context, const struct call *call)
{
	const struct recording *recording = context;
	if (call->number == recording->at)
		return (struct verdict){VERDICT_KILL, 0};
	if (is_remembered(call->path.text))
		note(recording->platter, call);
	return (struct verdict){VERDICT_GO, 0};
}

static const char *const ends[] = {"", "-wal", "-journal"};

enum { ENDS = 3, EXIT_CONFIG = 78 };

static void database_copy(const struct rig *rig, const char *from, const char *to)
{
	for (int i = 0; i < ENDS; i++) {
		struct path source = path_of("%s%s%s", rig->database.text, from, ends[i]);
		struct path copy = path_of("%s%s%s", rig->database.text, to, ends[i]);
		files_remove(copy.text);
		if (files_exist(source.text))
			files_copy(source.text, copy.text);
	}
	files_remove(path_of("%s%s-shm", rig->database.text, to).text);
}

/* That there was an answer outlasts the cut as the answer does: a database that is put back at the
 * same time, and has none of them, is known for what it is. */
static void forgetful_is_known(struct rig *rig)
{
	if (files_count(rig_path(rig, "outbox").text, ".summary.json") == 0)
		return;
	database_copy(rig, "", ".saved");
	rig_execute(rig, "DELETE FROM enrold_run; DELETE FROM enrold_head");
	struct finished finished = rig_run(rig, EXIT_CONFIG);
	finished_done(&finished);
	database_copy(rig, ".saved", "");
}

/* False: the program came to its end before there was such a call; the power went after it. */
static bool round_play(const struct scenario *scenario, long at, enum platter_kind kind,
    unsigned int seed, const struct expectation *expectation)
{
	struct round round;
	round_begin(&round, scenario, at % 2 ? "wal" : "delete");
	round_name(&round, "power cut at call %ld, %s names, seed %u", at,
	    kind == PLATTER_STRICT ? "strict" : "ordered", seed);
	files_remove(path_of("%s-shm", round.rig.database.text).text);
	struct recording recording = {platter_load(round.rig.root.text), at};
	int status = round_trace(&round, record, &recording, false);
	round_expect(&round, status == -SIGKILL || status == 0);
	platter_cut(recording.platter, kind, seed, round.rig.root.text);
	platter_free(recording.platter);
	law_holds(&round.rig, LAW_STOPPED);
	forgetful_is_known(&round.rig);
	round_end(&round, expectation);
	return status == -SIGKILL;
}

SCENARIO_TEST(power_cut, at_every_call)
{
	const struct scenario *scenario = &scenarios[*number];
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	struct expectation expectation = scenario_expect(scenario, false);
	unsigned int seed = (unsigned int)scale_from_environment("ENROLD_SEED", 1);
	long cuts = scale_from_environment("ENROLD_CUTS", 2), rounds = 0;
	int step = scenario_step(scenario) * (cuts > 2 ? 1 : 3);
	bool was_cut = true;
	for (long at = 1; was_cut; at += step)
		for (long cut = 0; cut < cuts; cut++, rounds++)
			was_cut =
			    round_play(scenario, at, cut % 2 ? PLATTER_ORDERED : PLATTER_STRICT,
			        seed + (unsigned int)(at * cuts + cut), &expectation);
	fprintf(stderr, "power_cut: %s: %ld cuts, %ld calls in one run\n", scenario->name, rounds,
	    expectation.calls);
	cr_expect_gt(rounds, expectation.calls / step);
	expectation_done(&expectation);
}
