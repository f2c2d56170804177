/*
 * put_back: every scenario, with a backup of the database taken at the N-th call that changes a
 * file, as a snapshot of the disk would have it, and put back when all had been answered. Either
 * that database holds every answer, or enrold does not start; `enrolctl reconcile` names what is
 * lost, nothing else, and what is dropped again after `accept` is in force as it was.
 *
 *     ENROLD_SWEEP=1 build/release/put_back_test   every N
 */
#include "fatal.h"
#include "scale.h"
#include "scenario.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const ends[] = {"", "-wal", "-journal"};

enum { ENDS = 3, EXIT_CONFIG = 78 };

struct backup {
	const struct rig *rig;
	long at;
	bool is_taken;
};

static struct path saved_path(const struct rig *rig, int end)
{
	return path_of("%s/saved%s", rig->root.text, ends[end]);
}

static struct verdict record(void *context, const struct call *call)
{
	struct backup *backup = context;
	if (call->number == backup->at) {
		for (int i = 0; i < ENDS; i++) {
			struct path from = path_of("%s%s", backup->rig->database.text, ends[i]);
			if (files_exist(from.text))
				files_copy(from.text, saved_path(backup->rig, i).text);
		}
		backup->is_taken = true;
	}
	return (struct verdict){VERDICT_GO, 0};
}

static void put_back(const struct rig *rig)
{
	files_remove(path_of("%s-shm", rig->database.text).text);
	for (int i = 0; i < ENDS; i++) {
		struct path to = path_of("%s%s", rig->database.text, ends[i]);
		files_remove(to.text);
		if (files_exist(saved_path(rig, i).text))
			files_rename(saved_path(rig, i).text, to.text);
	}
}

/* ---- what the database does not hold, by our own reckoning ---- */

struct losses {
	size_t answers;      /* of any kind */
	size_t files;        /* that had been applied, or were held */
	struct buffer names; /* their runs, a line each */
};

static void answer_weigh(const struct rig *rig, const char *path, struct losses *losses)
{
	char hash[HASH_SIZE];
	files_hash(path, hash);
	struct buffer text = files_read(path);
	json_t *summary = json_loads(text.bytes, 0, NULL);
	const char *run = "", *mode = "", *status = "";
	if (json_unpack(
	        summary, "{s:s, s:s, s:s}", "run", &run, "mode", &mode, "status", &status) != 0)
		fatal("%s is no summary", path);
	struct path known =
	    path_of("SELECT count(*) FROM enrold_run WHERE run = '%s' AND state <> 'running'"
	            " AND summary_sha256 = '%s'",
	        run, hash);
	if (rig_number(rig, known.text) == 0) {
		losses->answers++;
		bool is_kept = strcmp(status, "done") == 0 || strcmp(status, "held") == 0;
		if (strcmp(mode, "apply") == 0 && is_kept) {
			losses->files++;
			buffer_print(&losses->names, "%s\n", run);
		}
	}
	json_decref(summary);
	buffer_done(&text);
}

static struct losses losses_find(const struct rig *rig)
{
	struct losses losses = {0};
	struct path outbox = rig_path(rig, "outbox");
	struct listing listing = files_list(outbox.text);
	for (size_t i = 0; i < listing.count; i++)
		if (text_ends(listing.entries[i].path, ".summary.json"))
			answer_weigh(rig,
			    path_of("%s/%s", outbox.text, listing.entries[i].path).text, &losses);
	listing_done(&listing);
	buffer_add_char(&losses.names, '\0');
	return losses;
}

/* ---- and what the programs say of it ---- */

static struct finished reconcile(const struct rig *rig, int status)
{
	return program_expect(
	    status, ARGV("enrolctl", "--json", "--config", rig->config.text, "reconcile"));
}

/* What a person has said is said again, as the answer tells it; false: nobody has. */
static bool order_again(const struct rig *rig, const char *file, const char *run)
{
	static const char *const words[][2] = {
	    {"release-", "release"}, {"discard-", "decline"}, {"undo-", "undo"}};
	int stem = (int)strlen(file) - (int)strlen(".csv");
	json_t *summary = json_load_file(
	    rig_path(rig, "outbox/%.*s.%s.summary.json", stem, file, run).text, 0, NULL);
	char *order = json_dumps(json_object_get(summary, "order"), 0);
	for (size_t i = 0; order && i < sizeof words / sizeof *words; i++) {
		int size = (int)strlen(words[i][0]);
		if (text_starts(file, words[i][0]))
			files_write(
			    rig_path(rig, "orders/%s.%.*s", words[i][1], stem - size, file + size)
			        .text,
			    order, strlen(order), 0640);
	}
	const char *feed =
	    json_string_value(json_object_get(json_object_get(summary, "order"), "feed"));
	if (order && feed && text_starts(file, "prune-"))
		files_write(
		    rig_path(rig, "orders/prune.%s", feed).text, order, strlen(order), 0640);
	bool is_order = order;
	free(order);
	json_decref(summary);
	return is_order;
}

static void drop_one_again(
    const struct rig *rig, const char *feed, const char *file, const char *input)
{
	bool is_default = strcmp(feed, "default") == 0;
	struct path to =
	    rig_path(rig, "inbox/%s%s%s", is_default ? "" : feed, is_default ? "" : "/", file);
	struct path from = rig_path(rig, "%s", input);
	if (text_starts(input, "held/") && !files_exist(from.text)) /* put away, as it says */
		from = rig_path(rig, "quarantine/%s", path_base(input));
	files_copy(from.text, to.text);
	struct path marker = rig_path(rig, "%s.done", input);
	if (files_exist(marker.text))
		files_write(path_of("%s.done", to.text).text, "", 0, 0640);
}

/* A release needs the passwords, and its file was archived without them: the file is dropped again,
 * and what that makes is released. */
static void release_anew(const struct rig *rig, const char *file)
{
	if (!text_starts(file, "release-"))
		return;
	struct path refused = path_of(
	    "SELECT count(*) FROM enrold_run WHERE name = '%s' AND state = 'refused'", file);
	struct path run = path_of("%.22s", file + strlen("release-"));
	struct path day = path_of("archive/%.4s/%.2s/%.2s", run.text, run.text + 4, run.text + 6);
	if (rig_number(rig, refused.text) == 0)
		return;
	struct listing listing = files_list(rig_path(rig, "%s", day.text).text);
	for (size_t i = 0; i < listing.count; i++) {
		const char *name = listing.entries[i].path;
		const char *end = strstr(name, path_of(".%s.csv", run.text).text);
		if (!end || !text_ends(name, path_of(".%s.csv", run.text).text))
			continue;
		struct path dropped = path_of("%.*s.csv", (int)(end - name), name);
		drop_one_again(rig, "default", dropped.text, path_of("%s/%s", day.text, name).text);
		rig_once(rig);
		rig_order(rig, "release", dropped.text);
		rig_once(rig);
	}
	listing_done(&listing);
}

/* From where it was kept into its inbox, in the order of their runs, under the names that they had:
 * full files are told by theirs. */
static void drop_again(const struct rig *rig, const json_t *list)
{
	size_t index;
	const json_t *lost;
	json_array_foreach(list, index, lost)
	{
		const char *feed = "", *file = "", *input = "", *run = "";
		if (json_unpack((json_t *)lost, "{s:s, s:s, s:s, s:s}", "feed", &feed, "file",
		        &file, "input", &input, "run", &run) != 0)
			fatal("reconcile has no place for a lost file");
		if (!order_again(rig, file, run))
			drop_one_again(rig, feed, file, input);
		struct finished finished = rig_run(rig, 0);
		finished_done(&finished);
		release_anew(rig, file);
	}
}

static void losses_mend(const struct rig *rig, const struct losses *losses)
{
	struct finished finished = rig_run(rig, EXIT_CONFIG);
	if (!strstr(finished.err.bytes, "enrolctl reconcile"))
		fatal("it does not say what to do:\n%s", finished.err.bytes);
	finished_done(&finished);
	finished = reconcile(rig, 1);
	json_t *list = json_loads(finished.out.bytes, 0, NULL);
	size_t index;
	const json_t *lost;
	json_array_foreach(list, index, lost)
	{
		const char *run = json_string_value(json_object_get(lost, "run"));
		if (!run || !strstr(losses->names.bytes, run))
			fatal("reconcile names what is not lost:\n%s", finished.out.bytes);
	}
	if (json_array_size(list) != losses->files)
		fatal("%zu files are lost, reconcile names\n%s", losses->files, finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(
	    0, ARGV("enrolctl", "--config", rig->config.text, "reconcile", "accept"));
	finished_done(&finished);
	finished = reconcile(rig, 0);
	finished_done(&finished);
	rig_once(rig);
	drop_again(rig, list);
	json_decref(list);
}

/* False: the program came to its end before there was such a call. */
static bool round_play(
    const struct scenario *scenario, long at, const struct expectation *expectation, size_t *lossy)
{
	struct round round;
	round_begin(&round, scenario, at % 2 ? "wal" : "delete");
	round_name(&round, "backup at call %ld", at);
	struct backup backup = {.rig = &round.rig, .at = at};
	round_expect(&round, round_trace(&round, record, &backup, false) == 0);
	if (backup.is_taken) {
		put_back(&round.rig);
		struct losses losses = losses_find(&round.rig);
		*lossy += losses.answers > 0;
		if (losses.answers > 0)
			losses_mend(&round.rig, &losses);
		rig_once(&round.rig);
		state_expect(&round.rig, &expectation->state);
		buffer_done(&losses.names);
	}
	round_leave(&round);
	return backup.is_taken;
}

SCENARIO_TEST(put_back, at_every_call)
{
	const struct scenario *scenario = &scenarios[*number];
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	struct expectation expectation = scenario_expect(scenario, false);
	long rounds = 0;
	size_t lossy = 0;
	int step = scenario_step(scenario) * 5;
	for (long at = 1; round_play(scenario, at, &expectation, &lossy); at += step)
		rounds++;
	fprintf(stderr, "put_back: %s: %ld backups, %zu of them without an answer\n",
	    scenario->name, rounds, lossy);
	cr_expect_gt(lossy, 0);
	expectation_done(&expectation);
}
