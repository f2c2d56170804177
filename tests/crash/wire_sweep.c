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

static void once(
    const struct scenario *scenario, long number, enum wire_cut how, const struct rig *rig)
{
	struct finished finished =
	    program_run(ARGV("enrold", "--config", rig->config.text, "--once"));
	cr_assert_eq(finished.status, 0, "%s: message %ld, cut %d: it ended with %d:\n%s",
	    scenario->name, number, (int)how, finished.status, finished.err.bytes);
	finished_done(&finished);
}

/* Undisturbed: how the LMS is then, and how many messages it took. */
static struct buffer calm(const struct scenario *scenario, struct wire *wire, long *messages)
{
	struct rig rig;
	scenario->prepare(&rig, "wal");
	wire_cut_at(wire, 0, WIRE_WHOLE);
	once(scenario, 0, WIRE_WHOLE, &rig);
	*messages = wire_messages(wire);
	struct buffer state = rig_state(&rig);
	law_close(&rig);
	return state;
}

static void round_play(const struct scenario *scenario, struct wire *wire, long number,
    enum wire_cut how, const struct buffer *expected)
{
	struct rig rig;
	scenario->prepare(&rig, "wal");
	wire_cut_at(wire, number, how);
	once(scenario, number, how, &rig);
	struct buffer state = rig_state(&rig);
	cr_assert(slice_is(buffer_slice(&state), buffer_slice(expected)),
	    "%s: message %ld, cut %d: the LMS is not as after an undisturbed run", scenario->name,
	    number, (int)how);
	buffer_done(&state);
	law_close(&rig);
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
	struct buffer text = {0};
	rig_make(rig, &(struct rig_options){.people = 60,
	                  .courses = 5,
	                  .settings = "checkpoint_rows: 10000\n",
	                  .journal_mode = journal_mode});
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < 25000; i++)
		buffer_print(
		    &text, "%s%d,C%d\n", i % 1000 == 0 ? "p" : "nobody", i / 1000 + 1, i % 3 + 1);
	cr_assert(!text.failed);
	rig_drop_bytes(rig, "large.csv", text.bytes, text.size);
	buffer_done(&text);
}

Test(wire_sweep, of_a_long_run)
{
	static const struct scenario scenario = {"long", prepare_long, 1, 1, 1};
	sweep(&scenario, scale_from_environment("ENROLD_SWEEP", 11));
}
