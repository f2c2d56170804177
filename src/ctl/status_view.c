/*
 * status_view: the status for eyes: a line for each daemon, what there is to do, a table of feeds.
 */
#include "status_view.h"
#include "figure.h"
#include "table.h"
#include "terminal.h"
#include "words.h"

#include <string.h>
#include <time.h>

static void ago_show(char text[FIGURE_SIZE], const json_t *object, const char *name)
{
	int64_t at = words_time(words_text(object, name));
	text[0] = '\0';
	if (at > 0)
		figure_duration(text, (int64_t)time(NULL) - at);
}

static void when_show(char text[FIGURE_SIZE], const json_t *object, const char *name)
{
	int64_t at = words_time(words_text(object, name));
	text[0] = '\0';
	if (at > 0)
		figure_time(text, at, (int64_t)time(NULL));
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
	char since[FIGURE_SIZE];
	const json_t *database = json_object_get(daemon, "database");
	when_show(since, daemon, "since");
	fprintf(to, "enrold %s on %s: ", words_text(daemon, "enrold"), words_text(daemon, "node"));
	terminal_write(to, words_text(daemon, "state"));
	if (*since)
		fprintf(to, " since %s", since);
	fprintf(to, "; %s ", engine_title(words_text(database, "engine")));
	terminal_write(to, words_text(database, "url"));
	fprintf(to, " %s%s%s\n", database_word(database), *ends ? "; " : "", ends);
}

static void needs_print(const json_t *needs, FILE *to)
{
	size_t i;
	const json_t *need;
	bool is_coloured = terminal_has_colours(to);
	json_array_foreach(needs, i, need)
	{
		const char *feed = words_text(need, "feed");
		bool is_bad = strcmp(words_text(need, "level"), "critical") == 0;
		fputs(is_coloured ? is_bad ? "\033[31m" : "\033[33m" : "", to);
		fprintf(to, "%s %s%s", is_bad ? "!!" : " !", feed, *feed ? ": " : "");
		terminal_write(to, words_text(need, "what"));
		fputs(is_coloured ? "\033[0m\n" : "\n", to);
		fputs("   -> ", to);
		terminal_write(to, words_text(need, "do"));
		fputc('\n', to);
	}
}

/* ---- for eyes: the feeds ---- */

static const struct table_column columns[] = {{.title = "FEED"}, {.title = "STATE"},
    {.title = "FILE", .gives_way = true}, {.title = "SINCE", .is_number = true},
    {.title = "ROWS", .gives_way = true}, {.title = "WAITING", .is_number = true},
    {.title = "LAST ACCEPTED"}, {.title = "DUE"}};

enum { COLUMNS = sizeof columns / sizeof *columns };

/* A narrower terminal has room for how far it is, not for both numbers. */
enum { WIDE = 120 };

static void rows_cell(struct table *table, const json_t *run, bool is_wide)
{
	char done[FIGURE_SIZE], all[FIGURE_SIZE], left[FIGURE_SIZE], text[160];
	uint64_t rows = (uint64_t)words_number(run, "rows"),
	         at = (uint64_t)words_number(run, "rows_done");
	figure_number(done, at);
	figure_number(all, rows);
	int size = snprintf(text, sizeof text, "%s", words_text(run, "phase"));
	int percent = at >= rows ? 100 : (int)(at * 100 / rows);
	if (strcmp(text, "applying") == 0 && rows > 0 && is_wide)
		size = snprintf(text, sizeof text, "%s of %s  %d %%", done, all, percent);
	else if (strcmp(text, "applying") == 0 && rows > 0)
		size = snprintf(text, sizeof text, "%d %%", percent);
	else if (strcmp(text, "applying") == 0)
		size = snprintf(text, sizeof text, "%s", done);
	if (json_is_integer(json_object_get(run, "seconds_left"))) {
		figure_duration(left, words_number(run, "seconds_left"));
		snprintf(text + size, sizeof text - (size_t)size, "  %s left", left);
	}
	table_cell(table, TABLE_PLAIN, text);
}

/* What one of its runs is doing. */
static void running_cells(struct table *table, const json_t *run, bool is_wide)
{
	char since[FIGURE_SIZE];
	bool is_preview = strcmp(words_text(run, "mode"), "preview") == 0;
	ago_show(since, run, "since");
	table_cell(table, TABLE_GOOD, is_preview ? "preview" : "running");
	table_cell(table, TABLE_PLAIN, words_text(run, "file"));
	table_cell(table, TABLE_PLAIN, since);
	rows_cell(table, run, is_wide);
}

enum { CELL_SIZE = 600 };

/* "61 %  database is locked" */
static void percent_add(char text[CELL_SIZE], const json_t *run)
{
	char why[CELL_SIZE];
	json_int_t rows = words_number(run, "rows"), done = words_number(run, "rows_done");
	if (rows <= 0)
		return;
	snprintf(why, sizeof why, "%.*s", CELL_SIZE - 1, text);
	snprintf(text, CELL_SIZE, "%d %%  %.*s", (int)(done * 100 / rows), CELL_SIZE - 16, why);
}

static bool is_in_trouble(const json_t *feed)
{
	return words_is(feed, "state", "blocked") || words_is(feed, "state", "out_of_service");
}

/* A feed that runs nothing: the file that has waited longest, and for what. */
static void resting_cells(struct table *table, const json_t *feed)
{
	char since[FIGURE_SIZE], text[CELL_SIZE];
	const char *state = words_text(feed, "state"), *file = "";
	const json_t *waiting = json_object_get(feed, "waiting");
	const json_t *oldest = json_object_get(waiting, "oldest");
	const json_t *beside = json_object_get(waiting, "for");
	const json_t *paused = json_object_get(feed, "paused");
	const json_t *stopped = json_array_get(json_object_get(feed, "stopped"), 0);
	const json_t *begun = json_array_get(json_object_get(feed, "begun"), 0);
	const json_t *held = json_array_get(json_object_get(feed, "plans"), 0);
	const json_t *trying = json_array_get(json_object_get(feed, "running"), 0);
	if (!begun)
		begun = trying;
	bool is_bad = is_in_trouble(feed);
	snprintf(text, sizeof text, "%s", words_text(feed, "why"));
	ago_show(since, oldest, "since");
	file = words_text(oldest, "file");
	if (stopped && strcmp(state, "stopped") == 0) {
		file = words_text(stopped, "file");
		ago_show(since, stopped, "since");
		snprintf(text, sizeof text, "stopped by %s: run %s", words_text(stopped, "by"),
		    words_text(stopped, "run"));
	} else if (json_is_object(paused)) {
		snprintf(text, sizeof text, "paused by %s%s%s", words_text(paused, "by"),
		    *words_text(paused, "why") ? ": " : "", words_text(paused, "why"));
	} else if (strcmp(state, "held") == 0) {
		file = words_text(held, "file");
		ago_show(since, feed, "since");
		snprintf(text, sizeof text, "%s: enrolctl show %s", words_text(held, "reason"),
		    words_text(held, "run"));
	} else if (strcmp(state, "elsewhere") == 0) {
		snprintf(text, sizeof text, "on %s", words_text(feed, "node"));
	} else if (json_is_object(beside) && strcmp(state, "waits") == 0) {
		ago_show(since, beside, "since");
		snprintf(text, sizeof text, "for %s", words_text(beside, "file"));
	}
	if (begun && (is_bad || strcmp(state, "queued") == 0)) {
		file = words_text(begun, "file");
		ago_show(since, begun, "since");
		percent_add(text, begun);
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
	char accepted[FIGURE_SIZE], due[FIGURE_SIZE];
	const json_t *last = json_object_get(feed, "accepted");
	const json_t *waiting = json_object_get(feed, "waiting");
	when_show(accepted, last, "finished");
	when_show(due, feed, "due");
	table_cell_print(table, TABLE_PLAIN, "%lld", (long long)words_number(waiting, "files"));
	table_cell(table, TABLE_PLAIN, accepted);
	if (json_is_object(json_object_get(feed, "late")))
		table_cell(table, TABLE_BAD, "LATE");
	else
		table_cell_print(table, TABLE_PLAIN, "%s%s", *due ? "by " : "", due);
}

static void feed_rows(struct table *table, const json_t *feed, bool is_wide)
{
	const json_t *running = json_object_get(feed, "running");
	/* One that tries again and again, and does not get on, does not run. */
	size_t runs = is_in_trouble(feed) ? 0 : json_array_size(running);
	for (size_t i = 0; i < runs || i == 0; i++) {
		table_cell(table, TABLE_PLAIN, words_text(feed, "feed"));
		if (i < runs)
			running_cells(table, json_array_get(running, i), is_wide);
		else
			resting_cells(table, feed);
		if (i == 0)
			ends_cells(table, feed);
		table_end_row(table);
	}
}

static bool is_idle(const json_t *feed)
{
	return strcmp(words_text(feed, "state"), "idle") == 0 &&
	       words_number(json_object_get(feed, "waiting"), "files") == 0 &&
	       !json_is_object(json_object_get(feed, "late"));
}

static bool feeds_print(const json_t *feeds, size_t lines_max, FILE *to)
{
	size_t i, width = terminal_width(to), left_out = 0;
	const json_t *feed;
	bool has_room = lines_max == 0 || json_array_size(feeds) < lines_max;
	struct table *table = table_create(columns, COLUMNS);
	json_array_foreach(feeds, i, feed)
	{
		if (has_room || !is_idle(feed))
			feed_rows(table, feed, width == 0 || width >= WIDE);
		else
			left_out++;
	}
	bool is_printed = table_print(table, to);
	table_free(table);
	if (left_out > 0)
		fprintf(
		    to, "and %zu feed%s with nothing to do\n", left_out, left_out == 1 ? "" : "s");
	return is_printed;
}

/* ---- for eyes: the last lines ---- */

/* Who is unenrolled soon. */
static void due_print(const json_t *feeds, FILE *to)
{
	size_t i;
	char shown[FIGURE_SIZE];
	const json_t *feed;
	json_array_foreach(feeds, i, feed)
	{
		const json_t *due = json_object_get(json_object_get(feed, "absence"), "due");
		int64_t people = words_number(due, "people_soon");
		if (people == 0)
			continue;
		figure_number(shown, (uint64_t)people);
		fprintf(to, "%s: %s %s unenrolled by absence within three days, the first on %s\n",
		    words_text(feed, "feed"), shown, people == 1 ? "person is" : "people are",
		    words_text(due, "first"));
	}
}

static void nodes_print(const json_t *daemon, FILE *to)
{
	size_t i;
	const json_t *node, *nodes = json_object_get(daemon, "nodes");
	if (json_array_size(nodes) < 2)
		return;
	fputs("Daemons:", to);
	json_array_foreach(nodes, i, node)
	    fprintf(to, "%s %s%s", i > 0 ? "," : "", words_text(node, "node"),
	        json_is_true(json_object_get(node, "silent")) ? " (SILENT)" : "");
	fputc('\n', to);
}

static void disks_print(const json_t *daemon, FILE *to)
{
	size_t i;
	char free_bytes[FIGURE_SIZE], size[FIGURE_SIZE];
	const json_t *disk;
	json_array_foreach(json_object_get(daemon, "disks"), i, disk)
	{
		figure_bytes(free_bytes, (uint64_t)words_number(disk, "free_bytes"));
		figure_bytes(size, (uint64_t)words_number(disk, "size_bytes"));
		fprintf(to, "%s%s: %s of %s free", i > 0 ? "; " : "Disk of the ",
		    words_text(disk, "of"), free_bytes, size);
	}
	if (i > 0)
		fputc('\n', to);
}

static void growth_print(const json_t *daemon, FILE *to)
{
	char archive[FIGURE_SIZE], answers[FIGURE_SIZE], runs[FIGURE_SIZE];
	const json_t *growth = json_object_get(daemon, "last_30_days");
	if (words_number(growth, "runs") == 0)
		return;
	figure_number(runs, (uint64_t)words_number(growth, "runs"));
	figure_bytes(archive, (uint64_t)words_number(growth, "archive_bytes"));
	figure_bytes(answers, (uint64_t)words_number(growth, "answer_bytes"));
	fprintf(to, "In 30 days: %s run%s, archive/ +%s, outbox/ +%s\n", runs,
	    words_number(growth, "runs") == 1 ? "" : "s", archive, answers);
}

static void aside_print(const json_t *daemon, FILE *to)
{
	long long held = (long long)words_number(daemon, "held_files");
	long long quarantine = (long long)words_number(daemon, "quarantine_files");
	if (held + quarantine > 0)
		fprintf(to, "quarantine/: %lld file%s; came late, in held/: %lld\n", quarantine,
		    quarantine == 1 ? "" : "s", held);
}

static void checkpoint_print(const json_t *daemon, FILE *to)
{
	char runs[FIGURE_SIZE], made[FIGURE_SIZE];
	const json_t *checkpoints = json_object_get(daemon, "checkpoints");
	if (words_number(checkpoints, "number") == 0)
		return;
	figure_number(runs, (uint64_t)words_number(checkpoints, "number"));
	when_show(made, checkpoints, "made");
	fprintf(to, "Newest checkpoint: of %s run%s, made %s\n", runs,
	    words_number(checkpoints, "number") == 1 ? "" : "s", made);
}

static void notices_print(const json_t *daemon, FILE *to)
{
	char since[FIGURE_SIZE];
	const json_t *notices = json_object_get(daemon, "notices");
	long long waiting = (long long)words_number(notices, "waiting");
	when_show(since, notices, "since");
	if (waiting > 0)
		fprintf(to, "To be told by enrold-notify: %lld, since %s\n", waiting, since);
}

bool status_view_print(
    const json_t *daemons, const json_t *feeds, const json_t *needs, size_t lines_max, FILE *to)
{
	size_t i;
	char title[64];
	const json_t *daemon;
	needs_title(needs, title);
	json_array_foreach(daemons, i, daemon)
	    daemon_print(daemon, i + 1 == json_array_size(daemons) ? title : "", to);
	needs_print(needs, to);
	enum { OTHER_LINES = 7 };
	size_t others = 2 * json_array_size(daemons) + 2 * json_array_size(needs) + OTHER_LINES;
	size_t room = lines_max > others ? lines_max - others : 1;
	bool is_printed = feeds_print(feeds, lines_max > 0 ? room : 0, to);
	due_print(feeds, to);
	daemon = json_array_get(daemons, 0);
	nodes_print(daemon, to);
	disks_print(daemon, to);
	growth_print(daemon, to);
	checkpoint_print(daemon, to);
	aside_print(daemon, to);
	notices_print(daemon, to);
	return is_printed && fflush(to) == 0;
}
