/*
 * enrolctl status: how things stand, in a line, then what there is to do, then each feed. Of
 * several daemons all are asked, and each feed is shown as that one has it that serves it.
 */
#include "ask.h"
#include "offline.h"
#include "show.h"
#include "table.h"
#include "terminal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- members ---- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* -1: there is none. */
static int64_t time_of(const json_t *object, const char *name)
{
	struct tm tm = {0};
	const char *end = strptime(text_of(object, name), "%Y-%m-%dT%H:%M:%S", &tm);
	return end ? (int64_t)timegm(&tm) : -1;
}

static void ago_show(char text[SHOWN_SIZE], const json_t *object, const char *name)
{
	int64_t at = time_of(object, name);
	text[0] = '\0';
	if (at >= 0)
		show_duration(text, (int64_t)time(NULL) - at);
}

static void when_show(char text[SHOWN_SIZE], const json_t *object, const char *name)
{
	int64_t at = time_of(object, name);
	text[0] = '\0';
	if (at >= 0)
		show_time(text, at, (int64_t)time(NULL));
}

/* ---- several daemons as one ---- */

/* The higher, the more it says. */
static int weight_of(const json_t *feed)
{
	static const char *const quiet[] = {"elsewhere", "idle", "paused", "waits", "queued"};
	for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++)
		if (strcmp(text_of(feed, "state"), quiet[i]) == 0)
			return (int)i;
	return strcmp(text_of(feed, "state"), "running") == 0 ? 99 : 50;
}

static void feed_merge(json_t *feeds, json_t *feed)
{
	size_t i;
	json_t *known;
	json_array_foreach(feeds, i, known)
	{
		if (strcmp(text_of(known, "feed"), text_of(feed, "feed")) != 0)
			continue;
		if (weight_of(feed) > weight_of(known))
			json_array_set(feeds, i, feed);
		return;
	}
	json_array_append(feeds, feed);
}

static bool need_is_known(const json_t *needs, const json_t *need)
{
	size_t i;
	const json_t *known;
	json_array_foreach(needs, i, known) if (json_equal(known, need)) return true;
	return false;
}

static json_t *feeds_merge(const json_t *daemons)
{
	size_t i, j;
	json_t *daemon, *feed, *feeds = json_array();
	json_array_foreach(daemons, i, daemon)
	    json_array_foreach(json_object_get(daemon, "feeds"), j, feed) feed_merge(feeds, feed);
	return feeds;
}

static json_t *needs_merge(const json_t *daemons)
{
	size_t i, j;
	json_t *daemon, *need, *needs = json_array();
	json_array_foreach(daemons, i, daemon) json_array_foreach(json_object_get(daemon, "needs"),
	    j, need) if (!need_is_known(needs, need)) json_array_append(needs, need);
	return needs;
}

/* ---- for eyes: the first lines ---- */

static const char *engine_title(const char *engine)
{
	if (strcmp(engine, "sqlite") == 0)
		return "SQLite";
	return strcmp(engine, "mariadb") == 0 ? "MariaDB" : "PostgreSQL";
}

static void needs_title(const json_t *needs, char text[64])
{
	size_t count = json_array_size(needs);
	if (count == 0)
		snprintf(text, 64, "all is well");
	else
		snprintf(text, 64, "%zu thing%s need%s you", count, count == 1 ? "" : "s",
		    count == 1 ? "s" : "");
}

static const char *database_word(const json_t *database)
{
	const json_t *up = json_object_get(database, "up");
	if (json_is_true(up))
		return "is reachable";
	return json_is_false(up) ? "is AWAY" : "was not looked at yet";
}

static void daemon_print(const json_t *daemon, const char *ends, FILE *to)
{
	char since[SHOWN_SIZE];
	const json_t *database = json_object_get(daemon, "database");
	when_show(since, daemon, "since");
	fprintf(to, "enrold %s on %s: ", text_of(daemon, "enrold"), text_of(daemon, "node"));
	terminal_write(to, text_of(daemon, "state"));
	if (*since)
		fprintf(to, " since %s", since);
	fprintf(to, "; %s ", engine_title(text_of(database, "engine")));
	terminal_write(to, text_of(database, "url"));
	fprintf(to, " %s%s%s\n", database_word(database), *ends ? "; " : "", ends);
}

static void needs_print(const json_t *needs, FILE *to)
{
	size_t i;
	const json_t *need;
	bool is_coloured = terminal_has_colours(to);
	json_array_foreach(needs, i, need)
	{
		const char *feed = text_of(need, "feed");
		bool is_bad = strcmp(text_of(need, "level"), "critical") == 0;
		fputs(is_coloured ? is_bad ? "\033[31m" : "\033[33m" : "", to);
		fprintf(to, "%s %s%s", is_bad ? "!!" : " !", feed, *feed ? ": " : "");
		terminal_write(to, text_of(need, "what"));
		fputs(is_coloured ? "\033[0m\n" : "\n", to);
		fputs("   -> ", to);
		terminal_write(to, text_of(need, "do"));
		fputc('\n', to);
	}
}

/* ---- for eyes: the feeds ---- */

static const struct table_column columns[] = {{.title = "FEED"}, {.title = "STATE"},
    {.title = "FILE", .gives_way = true}, {.title = "SINCE", .is_number = true},
    {.title = "ROWS", .gives_way = true}, {.title = "WAITING", .is_number = true},
    {.title = "LAST ACCEPTED"}, {.title = "DUE"}};

enum { COLUMNS = sizeof columns / sizeof *columns };

static void rows_cell(struct table *table, const json_t *run)
{
	char done[SHOWN_SIZE], all[SHOWN_SIZE], left[SHOWN_SIZE], text[160];
	uint64_t rows = (uint64_t)number_of(run, "rows"),
	         at = (uint64_t)number_of(run, "rows_done");
	show_number(done, at);
	show_number(all, rows);
	int size = snprintf(text, sizeof text, "%s", text_of(run, "phase"));
	if (strcmp(text, "applying") == 0 && rows > 0)
		size = snprintf(text, sizeof text, "%s of %s  %d %%", done, all,
		    (int)(at >= rows ? 100 : at * 100 / rows));
	else if (strcmp(text, "applying") == 0)
		size = snprintf(text, sizeof text, "%s", done);
	if (json_is_integer(json_object_get(run, "seconds_left"))) {
		show_duration(left, number_of(run, "seconds_left"));
		snprintf(text + size, sizeof text - (size_t)size, "  %s left", left);
	}
	table_cell(table, TABLE_PLAIN, text);
}

/* What one of its runs is doing. */
static void running_cells(struct table *table, const json_t *run)
{
	char since[SHOWN_SIZE];
	bool is_preview = strcmp(text_of(run, "mode"), "preview") == 0;
	ago_show(since, run, "since");
	table_cell(table, TABLE_GOOD, is_preview ? "preview" : "running");
	table_cell(table, TABLE_PLAIN, text_of(run, "file"));
	table_cell(table, TABLE_PLAIN, since);
	rows_cell(table, run);
}

/* A feed that runs nothing: the file that has waited longest, and for what. */
static void resting_cells(struct table *table, const json_t *feed)
{
	char since[SHOWN_SIZE], text[600];
	const char *state = text_of(feed, "state"), *file = "";
	const json_t *waiting = json_object_get(feed, "waiting");
	const json_t *oldest = json_object_get(waiting, "oldest");
	const json_t *beside = json_object_get(waiting, "for");
	const json_t *paused = json_object_get(feed, "paused");
	const json_t *stopped = json_array_get(json_object_get(feed, "stopped"), 0);
	bool is_bad = strcmp(state, "blocked") == 0 || strcmp(state, "out_of_service") == 0;
	snprintf(text, sizeof text, "%s", text_of(feed, "why"));
	ago_show(since, oldest, "since");
	file = text_of(oldest, "file");
	if (stopped && strcmp(state, "stopped") == 0) {
		file = text_of(stopped, "file");
		ago_show(since, stopped, "since");
		snprintf(text, sizeof text, "stopped by %s: run %s", text_of(stopped, "by"),
		    text_of(stopped, "run"));
	} else if (json_is_object(paused)) {
		snprintf(text, sizeof text, "paused by %s%s%s", text_of(paused, "by"),
		    *text_of(paused, "why") ? ": " : "", text_of(paused, "why"));
	} else if (strcmp(state, "elsewhere") == 0) {
		snprintf(text, sizeof text, "on %s", text_of(feed, "node"));
	} else if (json_is_object(beside) && strcmp(state, "waits") == 0) {
		ago_show(since, beside, "since");
		snprintf(text, sizeof text, "for %s", text_of(beside, "file"));
	}
	if (is_bad)
		ago_show(since, feed, "since");
	table_cell(table,
	    is_bad                       ? TABLE_BAD
	    : strcmp(state, "idle") == 0 ? TABLE_DIM
	                                 : TABLE_WARN,
	    state);
	table_cell(table, TABLE_PLAIN, file);
	table_cell(table, TABLE_PLAIN, since);
	table_cell(table, TABLE_PLAIN, text);
}

static void ends_cells(struct table *table, const json_t *feed)
{
	char accepted[SHOWN_SIZE], due[SHOWN_SIZE];
	const json_t *last = json_object_get(feed, "accepted");
	const json_t *waiting = json_object_get(feed, "waiting");
	when_show(accepted, last, "finished");
	when_show(due, feed, "due");
	table_cell_print(table, TABLE_PLAIN, "%lld", (long long)number_of(waiting, "files"));
	table_cell(table, TABLE_PLAIN, accepted);
	if (json_is_object(json_object_get(feed, "late")))
		table_cell(table, TABLE_BAD, "LATE");
	else
		table_cell_print(table, TABLE_PLAIN, "%s%s", *due ? "by " : "", due);
}

static void feed_rows(struct table *table, const json_t *feed)
{
	const json_t *running = json_object_get(feed, "running");
	for (size_t i = 0; i < json_array_size(running) || i == 0; i++) {
		table_cell(table, TABLE_PLAIN, text_of(feed, "feed"));
		if (i < json_array_size(running))
			running_cells(table, json_array_get(running, i));
		else
			resting_cells(table, feed);
		if (i == 0)
			ends_cells(table, feed);
		table_end_row(table);
	}
}

static bool feeds_print(const json_t *feeds, FILE *to)
{
	size_t i;
	const json_t *feed;
	struct table *table = table_create(columns, COLUMNS);
	json_array_foreach(feeds, i, feed) feed_rows(table, feed);
	bool is_printed = table_print(table, to);
	table_free(table);
	return is_printed;
}

/* ---- for eyes: the last lines ---- */

static void nodes_print(const json_t *daemon, FILE *to)
{
	size_t i;
	const json_t *node, *nodes = json_object_get(daemon, "nodes");
	if (json_array_size(nodes) < 2)
		return;
	fputs("Daemons:", to);
	json_array_foreach(nodes, i, node)
	    fprintf(to, "%s %s%s", i > 0 ? "," : "", text_of(node, "node"),
	        json_is_true(json_object_get(node, "silent")) ? " (SILENT)" : "");
	fputc('\n', to);
}

static void disks_print(const json_t *daemon, FILE *to)
{
	size_t i;
	char free_bytes[SHOWN_SIZE], size[SHOWN_SIZE];
	const json_t *disk;
	json_array_foreach(json_object_get(daemon, "disks"), i, disk)
	{
		show_bytes(free_bytes, (uint64_t)number_of(disk, "free_bytes"));
		show_bytes(size, (uint64_t)number_of(disk, "size_bytes"));
		fprintf(to, "%s%s: %s of %s free", i > 0 ? "; " : "Disk of the ",
		    text_of(disk, "of"), free_bytes, size);
	}
	if (i > 0)
		fputc('\n', to);
}

static void growth_print(const json_t *daemon, FILE *to)
{
	char archive[SHOWN_SIZE], answers[SHOWN_SIZE], runs[SHOWN_SIZE];
	const json_t *growth = json_object_get(daemon, "last_30_days");
	if (number_of(growth, "runs") == 0)
		return;
	show_number(runs, (uint64_t)number_of(growth, "runs"));
	show_bytes(archive, (uint64_t)number_of(growth, "archive_bytes"));
	show_bytes(answers, (uint64_t)number_of(growth, "answer_bytes"));
	fprintf(to, "In 30 days: %s run%s, archive/ +%s, outbox/ +%s\n", runs,
	    number_of(growth, "runs") == 1 ? "" : "s", archive, answers);
}

static void aside_print(const json_t *daemon, FILE *to)
{
	long long held = (long long)number_of(daemon, "held_files");
	long long quarantine = (long long)number_of(daemon, "quarantine_files");
	if (held + quarantine > 0)
		fprintf(to, "quarantine/: %lld file%s; held/: %lld\n", quarantine,
		    quarantine == 1 ? "" : "s", held);
}

static bool status_print(const json_t *daemons, FILE *to)
{
	size_t i;
	char title[64];
	const json_t *daemon;
	json_t *needs = needs_merge(daemons), *feeds = feeds_merge(daemons);
	needs_title(needs, title);
	json_array_foreach(daemons, i, daemon)
	    daemon_print(daemon, i + 1 == json_array_size(daemons) ? title : "", to);
	needs_print(needs, to);
	bool is_printed = feeds_print(feeds, to);
	daemon = json_array_get(daemons, 0);
	nodes_print(daemon, to);
	disks_print(daemon, to);
	growth_print(daemon, to);
	aside_print(daemon, to);
	json_decref(needs);
	json_decref(feeds);
	return is_printed && fflush(to) == 0;
}

/* ---- asking ---- */

/* What all daemons say; or what the spool does, when there are none: CTL_NO_DAEMON. */
static enum ctl_exit look(const struct ctl *ctl, json_t **daemons)
{
	enum ctl_exit status = ask_all(ctl, json_pack("{s:s}", "command", "status"), daemons);
	if (status == CTL_NO_DAEMON)
		*daemons = json_pack("[o]", offline_status(ctl->config));
	return status;
}

static bool status_print_json(const json_t *daemons)
{
	size_t i;
	const json_t *daemon;
	json_array_foreach(daemons, i, daemon)
	{
		json_dumpf(daemon, stdout, JSON_COMPACT);
		putchar('\n');
	}
	return fflush(stdout) == 0;
}

static enum ctl_exit show_once(const struct ctl *ctl)
{
	json_t *daemons = NULL;
	enum ctl_exit status = look(ctl, &daemons);
	if (!daemons)
		return status;
	bool is_printed = ctl->json ? status_print_json(daemons) : status_print(daemons, stdout);
	json_decref(daemons);
	return is_printed ? status : CTL_TRY_LATER;
}

enum { WATCH_S = 1 };

/* In place on a terminal: home, the new picture, and what is left of the old one goes. */
static enum ctl_exit watch(const struct ctl *ctl)
{
	bool is_terminal = isatty(STDOUT_FILENO) && !ctl->json;
	const struct timespec pause = {.tv_sec = WATCH_S};
	enum ctl_exit status;
	if (is_terminal)
		fputs("\033[2J", stdout);
	for (;;) {
		if (is_terminal)
			fputs("\033[H\033[J", stdout);
		status = show_once(ctl);
		if (status != CTL_OK && status != CTL_NO_DAEMON)
			return status;
		if (!is_terminal && !ctl->json)
			putchar('\n');
		if (fflush(stdout) != 0)
			return CTL_TRY_LATER;
		nanosleep(&pause, NULL);
	}
}

/* ---- for a monitor ---- */

/* Exit codes of Nagios' plugins. */
enum { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL };

static size_t files_waiting(const json_t *feeds)
{
	size_t i, count = 0;
	const json_t *feed;
	json_array_foreach(feeds, i, feed) count +=
	    (size_t)number_of(json_object_get(feed, "waiting"), "files");
	return count;
}

static size_t runs_running(const json_t *feeds)
{
	size_t i, count = 0;
	const json_t *feed;
	json_array_foreach(feeds, i, feed) count +=
	    json_array_size(json_object_get(feed, "running"));
	return count;
}

/* The worst comes first. */
static int worst_find(const json_t *needs, const json_t **worst)
{
	size_t i;
	const json_t *need;
	int level = CHECK_OK;
	*worst = NULL;
	json_array_foreach(needs, i, need)
	{
		bool is_critical = strcmp(text_of(need, "level"), "critical") == 0;
		int its = is_critical ? CHECK_CRITICAL : CHECK_WARNING;
		if (its > level)
			*worst = need;
		level = its > level ? its : level;
	}
	return level;
}

static int check_print(const json_t *daemons, bool is_there)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
	const json_t *worst;
	json_t *needs = needs_merge(daemons), *feeds = feeds_merge(daemons);
	int level = worst_find(needs, &worst);
	level = is_there ? level : CHECK_CRITICAL;
	printf("ENROLD %s - ", words[level]);
	if (!is_there)
		terminal_write(stdout, text_of(json_array_get(daemons, 0), "state"));
	else if (worst) {
		const char *feed = text_of(worst, "feed");
		printf("%s%s", feed, *feed ? ": " : "");
		terminal_write(stdout, text_of(worst, "what"));
		if (json_array_size(needs) > 1)
			printf(", and %zu more", json_array_size(needs) - 1);
	} else {
		printf(
		    "%zu feed%s", json_array_size(feeds), json_array_size(feeds) == 1 ? "" : "s");
	}
	printf(" | waiting=%zu running=%zu needs=%zu feeds=%zu\n", files_waiting(feeds),
	    runs_running(feeds), json_array_size(needs), json_array_size(feeds));
	json_decref(needs);
	json_decref(feeds);
	return fflush(stdout) == 0 ? level : CHECK_CRITICAL;
}

static enum ctl_exit check(const struct ctl *ctl)
{
	json_t *daemons = NULL;
	enum ctl_exit status = look(ctl, &daemons);
	int level = CHECK_CRITICAL;
	if (daemons)
		level = check_print(daemons, status == CTL_OK);
	else
		printf("ENROLD CRITICAL - the daemon did not answer\n");
	json_decref(daemons);
	return (enum ctl_exit)level;
}

enum ctl_exit ctl_status(const struct ctl *ctl)
{
	if (ctl->options[OPTION_CHECK])
		return check(ctl);
	return ctl->options[OPTION_WATCH] ? watch(ctl) : show_once(ctl);
}
