/*
 * The connection to the server is cut at every message, once before the message arrives and once
 * before its answer does, which at a commit leaves it open what has become of it. enrold waits,
 * connects anew and goes on; in the end everything has been done once.
 *
 *     ENROLD_SWEEP=1 tests/engine/with_server.sh postgresql build/release/wire_sweep_test
 */
#include "law.h"
#include "program.h"
#include "scale.h"
#include "scenario.h"
#include "wire.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The daemon's way to the server, which only it takes. */
static struct wire *wire_lay(struct path *directory)
{
	const char *server = getenv("ENROLD_TEST_SOCKET");
	const char *pattern = getenv("ENROLD_TEST_DAEMON_URL_PATTERN");
	*directory = path_of("/tmp/enrold-wire-XXXXXX");
	cr_assert(server && pattern && mkdtemp(directory->text));
	struct path socket = path_of("%s/%s", directory->text, strrchr(server, '/') + 1);
	struct path url = path_of(
	    "%s%s%s", pattern, directory->text, strstr(pattern, "socket=") ? "/socket" : "");
	setenv("ENROLD_TEST_DAEMON_URL", url.text, 1);
	return wire_start(socket.text, server);
}

static void once(struct round *round)
{
	round->finished = program_run(ARGV("enrold", "--config", round->rig.config.text, "--once"));
	round_expect(round, round->finished.status == 0);
}

/* Undisturbed: how the LMS is then, and how many messages it took. */
static struct buffer calm(const struct scenario *scenario, struct wire *wire, long *messages)
{
	struct round round;
	round_begin(&round, scenario, "wal");
	wire_cut_at(wire, 0, WIRE_WHOLE);
	once(&round);
	*messages = wire_messages(wire);
	struct buffer state = rig_state(&round.rig);
	law_holds(&round.rig, LAW_IDLE);
	round_leave(&round);
	return state;
}

static void round_play(const struct scenario *scenario, struct wire *wire, long number,
    enum wire_cut how, const struct buffer *expected)
{
	struct round round;
	round_begin(&round, scenario, "wal");
	round_name(&round, "message %ld, cut %d", number, (int)how);
	wire_cut_at(wire, number, how);
	once(&round);
	state_expect(&round.rig, expected);
	law_holds(&round.rig, LAW_IDLE);
	round_leave(&round);
}

static void sweep(const struct scenario *scenario, long step)
{
	struct path directory;
	struct wire *wire = wire_lay(&directory);
	long messages, rounds = 0;
	struct buffer expected = calm(scenario, wire, &messages);
	for (enum wire_cut how = WIRE_BEFORE; how <= WIRE_BEFORE_ANSWER; how++)
		for (long number = how; number <= messages; number += step, rounds++)
			round_play(scenario, wire, number, how, &expected);
	fprintf(
	    stderr, "wire_sweep: %s: %ld messages, %ld cuts\n", scenario->name, messages, rounds);
	buffer_done(&expected);
	wire_stop(wire);
	cr_expect_eq(rmdir(directory.text), 0);
}

Test(wire_sweep, of_enrolments)
{
	sweep(&scenarios[0], scale_from_environment("ENROLD_SWEEP", 4));
}

Test(wire_sweep, of_accounts)
{
	sweep(&scenarios[1], scale_from_environment("ENROLD_SWEEP", 9));
}

/* Three transactions, each with its checkpoint. */
static void prepare_long(struct rig *rig, const char *journal_mode)
{
	rig_make(rig, &(struct rig_options){.people = 60,
	                  .courses = 5,
	                  .settings = "checkpoint_rows: 10000\n",
	                  .journal_mode = journal_mode});
	rig_drop_long(rig, 1000);
}

Test(wire_sweep, of_a_long_run)
{
	static const struct scenario scenario = {"long", prepare_long, 1, 1, 1};
	sweep(&scenario, scale_from_environment("ENROLD_SWEEP", 11));
}
