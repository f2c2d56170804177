/*
 * Two daemons share a spool and a database server: whichever of them is told, the one that has the
 * run obeys, and whoever takes it over from a dead one. Both are shown.
 *
 *     tests/engine/with_server.sh postgresql build/release/cluster_control_test
 */
#include "asker.h"
#include "fatal.h"
#include "law.h"
#include "mirror.h"
#include "movement.h"
#include "program.h"
#include "reply.h"
#include "scale.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 2, PEOPLE = 200, COURSES = 20, ROWS = SCALE(120000, 40000) };

struct pair {
	struct rig rig;
	struct path url;
	struct mirror mirror;
	struct path configs[NODES];
	struct program programs[NODES];
	bool is_running[NODES];
};

static void config_write(struct pair *pair, int node)
{
	struct buffer yaml = {0};
	pair->configs[node] = path_of("%s/node%d.yaml", pair->rig.root.text, node);
	buffer_print(&yaml,
	    "spool: %s\nnode: " RIG_NODE "%d\nsettle: 0\nrescan: 5m\nlease: 2s\n"
	    "checkpoint_rows: 5000\nlms: { url: \"%s\" }\nfeeds:\n  default: {}\n  hr: {}\n",
	    pair->rig.directory.text, node, pair->mirror.url);
	files_write(pair->configs[node].text, yaml.bytes, yaml.size, 0640);
	buffer_done(&yaml);
}

static void node_start(struct pair *pair, int node)
{
	program_start(
	    &pair->programs[node], ARGV("enrold", "--config", pair->configs[node].text), NULL);
	pair->is_running[node] = true;
}

static void node_end(struct pair *pair, int node, int signal)
{
	program_signal(&pair->programs[node], signal);
	pair->is_running[node] = false;
	struct finished finished = program_finish(&pair->programs[node]);
	cr_expect_eq(finished.status, signal == SIGKILL ? -SIGKILL : 0, "%s", finished.err.bytes);
	finished_done(&finished);
}

static void pair_make(struct pair *pair)
{
	*pair = (struct pair){0};
	rig_make(&pair->rig,
	    &(struct rig_options){
	        .people = PEOPLE, .courses = COURSES, .feeds = "  default: {}\n  hr: {}\n"});
	pair->url = path_of("sqlite:%s", pair->rig.database.text);
	const struct lms_options options = {
	    .url = pair->url.text, .prefix = "mdl_", .actor = "admin", .cache = 4 << 20};
	mirror_open(&pair->mirror, &options);
	mirror_push(&pair->mirror);
	files_make_directory(rig_path(&pair->rig, "inbox/hr").text);
	for (int i = 0; i < NODES; i++) {
		config_write(pair, i);
		node_start(pair, i);
	}
}

static void pair_end(struct pair *pair)
{
	for (int i = 0; i < NODES; i++)
		if (pair->is_running[i])
			node_end(pair, i, SIGTERM);
	mirror_pull(&pair->mirror);
	mirror_close(&pair->mirror);
	law_close(&pair->rig);
}

static void giant_drop(struct pair *pair, const char *name)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,course2\n");
	for (int i = 0; i < ROWS; i++)
		buffer_print(&text, "p%d,C%d,C%d\n", i / COURSES % PEOPLE + 1, i % COURSES + 1,
		    (i + 1) % COURSES + 1);
	rig_drop_bytes(&pair->rig, name, text.bytes, text.size);
	buffer_done(&text);
}

/* ---- asking one of them ---- */

static void ask_node(const struct pair *pair, int node, const char *members, struct told *told)
{
	struct asker asker;
	struct path path = rig_path(&pair->rig, "enrold-" RIG_NODE "%d.sock", node);
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (!asker_try(&asker, path.text))
		cr_assert(movement_pause(&movement), "node %d is never there", node);
	asker_ask(&asker, members, told);
	asker_close(&asker);
}

static void tell(const struct pair *pair, int node, const char *members)
{
	struct told told;
	ask_node(pair, node, members, &told);
	cr_expect_eq(told.exit, 0, "%s: %d %s", members, told.exit, told.message);
	told_done(&told);
}

static void tell_run(const struct pair *pair, int node, const char *command, const char *run)
{
	tell(pair, node, path_of("\"command\":\"%s\",\"run\":\"%s\"", command, run).text);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

/* The state of a feed at a node, and the run that is applied there. */
static struct path state_at(const struct pair *pair, int node, const char *feed, struct path *run)
{
	struct told told;
	ask_node(pair, node, "\"command\":\"status\"", &told);
	json_t *one = status_feed(json_array_get(told.data, 0), feed);
	const json_t *running = json_array_get(json_object_get(one, "running"), 0);
	struct path state = path_of("%s", text_of(one, "state"));
	bool is_applied = running && json_integer_value(json_object_get(running, "rows_done")) > 0;
	*run = path_of("%s", is_applied ? text_of(running, "run") : "");
	told_done(&told);
	return state;
}

/* Which node applies it. */
static int holder_await(const struct pair *pair, const char *feed, struct path *run)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (;;) {
		for (int node = 0; node < NODES; node++) {
			(void)state_at(pair, node, feed, run);
			if (*run->text)
				return node;
		}
		cr_assert(movement_pause(&movement), "nobody runs it");
	}
}

static void state_await(const struct pair *pair, int node, const char *feed, const char *state)
{
	struct path run;
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (strcmp(state_at(pair, node, feed, &run).text, state) != 0)
		cr_assert(movement_pause(&movement), "%s is never %s", feed, state);
}

static void answer_await(const struct pair *pair, const char *name)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (reply_count(&pair->rig, name) == 0)
		cr_assert(movement_pause(&movement), "%s is never answered", name);
	while (files_count(rig_path(&pair->rig, "orders").text, "") > 0)
		cr_assert(movement_pause(&movement), "orders are left");
}

static void expect_status(const struct pair *pair, const char *name, const char *status)
{
	struct reply reply;
	reply_open(&reply, &pair->rig, name, 0);
	cr_expect_str_eq(reply_status(&reply), status);
	reply_close(&reply);
}

/* ---- what they do ---- */

Test(cluster_control, is_heeded_by_the_one_that_has_the_run)
{
	static struct pair pair;
	struct path run;
	pair_make(&pair);
	giant_drop(&pair, "hr/giant.csv");
	int holder = holder_await(&pair, "hr", &run), other = 1 - holder;
	tell_run(&pair, other, "stop", run.text);
	state_await(&pair, holder, "hr", "stopped");
	cr_expect_eq(reply_count(&pair.rig, "hr/giant.csv"), 0);
	tell_run(&pair, other, "release", run.text);
	answer_await(&pair, "hr/giant.csv");
	expect_status(&pair, "hr/giant.csv", "done");
	pair_end(&pair);
}

Test(cluster_control, is_heeded_by_the_one_that_takes_over_from_a_dead_one)
{
	static struct pair pair;
	struct path run;
	pair_make(&pair);
	giant_drop(&pair, "hr/giant.csv");
	int holder = holder_await(&pair, "hr", &run), other = 1 - holder;
	tell_run(&pair, holder, "stop", run.text);
	state_await(&pair, holder, "hr", "stopped");
	node_end(&pair, holder, SIGKILL);
	state_await(&pair, other, "hr", "stopped");
	tell_run(&pair, other, "discard", run.text);
	answer_await(&pair, "hr/giant.csv");
	expect_status(&pair, "hr/giant.csv", "discarded");
	pair_end(&pair);
}

Test(cluster_control, pauses_a_feed_for_all_and_shows_all)
{
	static struct pair pair;
	pair_make(&pair);
	for (int node = 0; node < NODES; node++)
		state_await(&pair, node, "default", "idle");
	tell(&pair, 0, "\"command\":\"pause\",\"feed\":\"hr\"");
	for (int node = 0; node < NODES; node++)
		state_await(&pair, node, "hr", "paused");
	rig_drop(&pair.rig, "hr/a.csv", "username,course1\np1,C1\n");
	rig_drop(&pair.rig, "b.csv", "username,course1\np1,C1\n");
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (reply_count(&pair.rig, "b.csv") == 0)
		cr_assert(movement_pause(&movement), "b.csv is never answered");
	cr_expect_eq(reply_count(&pair.rig, "hr/a.csv"), 0);
	struct finished finished = program_expect(
	    0, ARGV("enrolctl", "--config", pair.configs[0].text, "status", "--json"));
	cr_expect(strstr(finished.out.bytes, RIG_NODE "0"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, RIG_NODE "1"), "%s", finished.out.bytes);
	char *line = strchr(finished.out.bytes, '\n');
	cr_expect(line && line[1] == '{', "a line for each: %s", finished.out.bytes);
	finished_done(&finished);
	tell(&pair, 1, "\"command\":\"resume\",\"feed\":\"hr\"");
	answer_await(&pair, "hr/a.csv");
	pair_end(&pair);
}
