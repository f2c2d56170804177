#include "status.h"

#include "daemon_state.h"

#include "enrold/log.h"
#include "enrold/secret.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- the database ---- */

static json_t *url_make(const char *url)
{
	struct buffer shown = {0};
	secret_show_url(url, &shown);
	json_t *text =
	    shown.failed ? NULL : json_stringn(shown.bytes ? shown.bytes : "", shown.size);
	buffer_done(&shown);
	return text ? text : json_string("");
}

const char *status_engine(const char *url)
{
	if (strncmp(url, "sqlite:", 7) == 0)
		return "sqlite";
	return strncmp(url, "mariadb:", 8) == 0 || strncmp(url, "mysql:", 6) == 0 ? "mariadb"
	                                                                          : "postgresql";
}

static json_t *database_make(const struct daemon *daemon, json_t *needs)
{
	const struct overview *overview = &daemon->overview;
	const char *url = daemon->config->lms.url;
	json_t *database = json_pack("{s:s, s:o, s:o, s:o}", "engine", status_engine(url), "url",
	    url_make(url), "up", overview->is_known ? json_boolean(overview->is_up) : json_null(),
	    "why", log_text(overview->why));
	json_object_set_new(
	    database, "since", overview->is_known ? status_time(overview->since_s) : json_null());
	if (overview->is_known && !overview->is_up)
		status_need(needs, NULL, status_level((int64_t)time(NULL) - overview->since_s),
		    overview->why,
		    "see to the database: files wait in the inboxes, and go on by themselves");
	return database;
}

/* ---- daemons ---- */

static json_t *nodes_make(const struct daemon *daemon, int64_t now_ms)
{
	const struct overview *overview = &daemon->overview;
	json_t *nodes = json_array();
	for (size_t i = 0; i < overview->nodes_count; i++) {
		const struct overview_node *node = &overview->nodes[i];
		bool is_here = strcmp(node->name, daemon->config->node) == 0;
		bool is_silent =
		    !is_here &&
		    now_ms - node->beat_ms > (int64_t)daemon->config->lease_ms + OVERVIEW_EVERY_MS;
		json_array_append_new(nodes, json_pack("{s:s, s:b, s:b}", "node", node->name,
		                                 "here", is_here, "silent", is_silent));
	}
	return nodes;
}

/* ---- disks ---- */

/* Less than a tenth and than 1 GiB. */
static bool is_short(const struct overview_disk *disk)
{
	return disk->size_bytes > 0 && disk->free_bytes < UINT64_C(1) << 30 &&
	       disk->free_bytes < disk->size_bytes / 10;
}

static void disk_add(
    json_t *disks, const char *what, const struct overview_disk *disk, json_t *needs)
{
	char text[80];
	if (disk->size_bytes == 0)
		return;
	json_array_append_new(
	    disks, json_pack("{s:s, s:I, s:I}", "of", what, "free_bytes",
	               (json_int_t)disk->free_bytes, "size_bytes", (json_int_t)disk->size_bytes));
	snprintf(text, sizeof text, "the disk of the %s is nearly full", what);
	if (is_short(disk))
		status_need(needs, NULL, "warning", text, "make room: files wait when it is full");
}

static json_t *disks_make(const struct overview *overview, json_t *needs)
{
	json_t *disks = json_array();
	disk_add(disks, "spool", &overview->spool_disk, needs);
	disk_add(disks, "database", &overview->database_disk, needs);
	return disks;
}

static json_t *growth_make(const struct overview *overview)
{
	const struct overview_growth *growth = &overview->growth;
	return json_pack("{s:I, s:I, s:I, s:I}", "runs", (json_int_t)growth->runs, "archive_bytes",
	    (json_int_t)growth->archive_bytes, "answer_bytes", (json_int_t)growth->answer_bytes,
	    "database_bytes", (json_int_t)growth->database_bytes);
}

/* ---- checkpoints ---- */

static json_t *trouble_make(const char *why, int64_t since_s)
{
	return json_pack("{s:o, s:o}", "why", log_text(why), "since", status_time(since_s));
}

static json_t *checkpoints_make(const struct daemon *daemon, json_t *needs)
{
	if (!daemon->config->checkpoints.key)
		return json_null();
	struct checkpoints *checkpoints = (struct checkpoints *)&daemon->checkpoints;
	const struct checkpoints_state state = checkpoints_state(checkpoints);
	if (*state.failed)
		status_need(needs, NULL, "warning", state.failed,
		    "files go on without checkpoints; see enrold.yaml(5), CHECKPOINTS");
	if (*state.not_given)
		status_need(needs, NULL, "warning", state.not_given,
		    "see its lines in the log: it is given that checkpoint again");
	json_t *made = json_pack("{s:I, s:o, s:s, s:o}", "number", (json_int_t)state.number, "made",
	    state.number > 0 ? status_time(state.made_s) : json_null(), "origin",
	    daemon->config->checkpoints.origin, "failed",
	    *state.failed ? trouble_make(state.failed, state.failed_s) : json_null());
	json_object_set_new(
	    made, "given", state.has_given ? json_integer((json_int_t)state.given) : json_null());
	json_object_set_new(made, "not_given",
	    *state.not_given ? trouble_make(state.not_given, state.not_given_s) : json_null());
	return made;
}

/* ---- the whole ---- */

static const char *state_of(const struct daemon *daemon)
{
	static const char *const states[] = {
	    [RUNNING] = "running", [RELOADING] = "reloading", [STOPPING] = "stopping"};
	return states[daemon->state];
}

static void held_need(const struct overview *overview, json_t *needs)
{
	char what[80];
	if (overview->held_files == 0)
		return;
	snprintf(what, sizeof what, "%zu file%s in held/", overview->held_files,
	    overview->held_files == 1 ? " lies" : "s lie");
	status_need(needs, NULL, "warning", what,
	    "look at what was written after its file had been taken; drop it again, or remove it");
}

json_t *status_make(const struct daemon *daemon)
{
	json_t *needs = json_array();
	const struct overview *overview = &daemon->overview;
	int64_t now_s = (int64_t)time(NULL);
	const struct status_moment moment = {.now_ms = (int64_t)uv_now(&daemon->loop),
	    .now_s = now_s,
	    .overview = overview,
	    .workers = daemon->workers};
	json_t *status = json_pack("{s:s, s:s, s:s, s:I, s:s, s:o, s:o}", "enrold", ENROLD_VERSION,
	    "node", daemon->config->node, "spool", daemon->config->spool, "pid",
	    (json_int_t)getpid(), "state", state_of(daemon), "since",
	    status_time(daemon->started_s), "now", status_time(now_s));
	json_object_set_new(status, "database", database_make(daemon, needs));
	json_object_set_new(status, "nodes", nodes_make(daemon, moment.now_ms));
	json_object_set_new(status, "disks", disks_make(overview, needs));
	json_object_set_new(status, "last_30_days", growth_make(overview));
	json_object_set_new(status, "checkpoints", checkpoints_make(daemon, needs));
	json_object_set_new(status, "held_files", json_integer((json_int_t)overview->held_files));
	json_object_set_new(
	    status, "quarantine_files", json_integer((json_int_t)overview->quarantine_files));
	held_need(overview, needs);
	json_object_set_new(status, "notices",
	    status_notices(overview->notices, overview->notices_oldest_s, now_s, needs));
	if (*overview->folders)
		status_need(needs, NULL, "warning", overview->folders, "sudo enrolctl check --fix");
	json_object_set_new(status, "feeds",
	    daemon->feeds ? feeds_status_make(daemon->feeds, &moment, needs) : json_array());
	json_object_set_new(status, "needs", needs);
	return status;
}
