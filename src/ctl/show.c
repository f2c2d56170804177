/*
 * enrolctl show: one run, its problems by their causes, where its files lie, and what to do.
 */
#include "show.h"

#include "answered.h"
#include "ask.h"
#include "table.h"
#include "words.h"

#include <string.h>
#include <time.h>

static void line(const char *name, const char *text)
{
	printf("%-10s", name);
	terminal_write(stdout, text);
	putchar('\n');
}

static void run_tell(const json_t *run, int64_t now_s)
{
	char started[FIGURE_SIZE], took[FIGURE_SIZE], rows[FIGURE_SIZE], outcomes[OUTCOMES_SIZE],
	    text[2 * OUTCOMES_SIZE];
	bool is_running = words_is(run, "status", "running");
	bool is_preview = words_is(run, "mode", "preview");
	figure_time(started, words_time(words_text(run, "started")), now_s);
	figure_duration(took, words_number(run, "seconds"));
	figure_number(rows, (uint64_t)words_number(run, "rows"));
	words_outcomes(outcomes, json_object_get(run, "outcomes"));
	line("Run", words_text(run, "run"));
	line("File", words_text(run, "file"));
	line("Feed", words_text(run, "feed"));
	snprintf(text, sizeof text, "%s%s, begun %s, %s %s on %s", words_text(run, "status"),
	    is_preview ? " (a preview: nothing was changed)" : "", started + strspn(started, " "),
	    is_running ? "for" : "took", took, words_text(run, "node"));
	line("Status", text);
	snprintf(text, sizeof text, "%s%s%s%s", rows, is_running ? " so far" : "",
	    *outcomes ? ": " : "", outcomes);
	line("Rows", text);
}

static void refusal_tell(const json_t *refusal)
{
	char text[FIGURE_SIZE];
	if (!json_is_object(refusal))
		return;
	line("Refused", words_text(refusal, "message"));
	line("", words_text(refusal, "code"));
	if (words_number(refusal, "line") > 0) {
		figure_number(text, (uint64_t)words_number(refusal, "line"));
		line("Line", text);
	}
}

static void remarks_tell(const json_t *remarks)
{
	size_t i;
	json_t *remark;
	json_array_foreach(remarks, i, remark) line("Remark", words_text(remark, "message"));
}

/* ---- causes ---- */

static const struct table_column cause_columns[] = {{.title = "TIMES", .is_number = true},
    {.title = "PROBLEM"}, {.title = "COLUMN", .gives_way = true},
    {.title = "MOST OFTEN", .gives_way = true}, {.title = "FOR EXAMPLE", .gives_way = true}};

static void names_join(char *text, size_t size, const json_t *array)
{
	size_t i;
	json_t *item;
	*text = '\0';
	json_array_foreach(array, i, item)
	{
		size_t used = strlen(text);
		const char *name = json_string_value(item);
		snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", name ? name : "");
	}
}

static void targets_join(char *text, size_t size, const json_t *array)
{
	size_t i;
	json_t *item;
	*text = '\0';
	json_array_foreach(array, i, item)
	{
		size_t used = strlen(text);
		if (i < 3)
			snprintf(text + used, size - used, "%s%s (%lld)", i > 0 ? ", " : "",
			    words_text(item, "target"), (long long)words_number(item, "count"));
	}
}

static void cause_add(struct table *table, const json_t *cause)
{
	char shown[FIGURE_SIZE], columns[300], targets[600];
	bool is_error = words_is(cause, "outcome", "error");
	figure_number(shown, (uint64_t)words_number(cause, "count"));
	names_join(columns, sizeof columns, json_object_get(cause, "columns"));
	targets_join(targets, sizeof targets, json_object_get(cause, "targets"));
	table_cell(table, TABLE_PLAIN, shown);
	table_cell(table, is_error ? TABLE_BAD : TABLE_WARN, words_text(cause, "code"));
	table_cell(table, TABLE_PLAIN, columns);
	table_cell(table, TABLE_PLAIN, targets);
	table_cell_print(table, TABLE_PLAIN, "line %lld: %s",
	    (long long)words_number(cause, "line"), words_text(cause, "message"));
}

/* ---- files ---- */

static const struct table_column file_columns[] = {{.title = "FILE"},
    {.title = "SIZE", .is_number = true}, {.title = "IS"}, {.title = "WHERE", .gives_way = true}};

static void file_add(struct table *table, const json_t *file)
{
	static const struct {
		const char *state, *words;
		enum table_style style;
	} states[] = {{"as_recorded", "as recorded", TABLE_GOOD}, {"altered", "ALTERED", TABLE_BAD},
	    {"missing", "gone", TABLE_WARN}, {"not_checked", "there", TABLE_PLAIN}};
	char shown[FIGURE_SIZE] = "";
	if (json_is_true(json_object_get(file, "is_there")))
		figure_bytes(shown, (uint64_t)words_number(file, "bytes"));
	table_cell(table, TABLE_PLAIN, words_text(file, "what"));
	table_cell(table, TABLE_PLAIN, shown);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (words_is(file, "state", states[i].state))
			table_cell(table, states[i].style, states[i].words);
	table_cell(table, TABLE_PLAIN, words_text(file, "path"));
}

/* ---- all of it ---- */

static void todo_tell(const json_t *todo)
{
	terminal_write(stdout, words_text(todo, "text"));
	putchar('\n');
	if (*words_text(todo, "command")) {
		fputs("    ", stdout);
		terminal_write(stdout, words_text(todo, "command"));
		putchar('\n');
	}
}

typedef void add_row(struct table *table, const json_t *object);

/* A table of the objects of this kind, if there are any, behind an empty line. */
static bool kind_tell(const json_t *answer, const char *kind, const struct table_column *columns,
    size_t count, add_row *add)
{
	size_t i, rows = 0;
	json_t *object;
	struct table *table = table_create(columns, count);
	json_array_foreach(answer, i, object) if (words_is(object, "kind", kind))
	{
		add(table, object);
		rows++;
	}
	if (rows > 0)
		putchar('\n');
	bool is_told = rows == 0 || table_print(table, stdout);
	table_free(table);
	return is_told;
}

static bool tell(const json_t *answer)
{
	size_t i, todos = 0;
	json_t *object;
	int64_t now_s = (int64_t)time(NULL);
	json_array_foreach(answer, i, object) if (words_is(object, "kind", "run"))
	{
		run_tell(object, now_s);
		refusal_tell(json_object_get(object, "refusal"));
		remarks_tell(json_object_get(object, "remarks"));
		if (words_is(object, "source", "outbox"))
			line("Source", "the outbox, as the database is away");
	}
	bool is_told = kind_tell(answer, "cause", cause_columns,
	                   sizeof cause_columns / sizeof *cause_columns, cause_add) &&
	               kind_tell(answer, "file", file_columns,
	                   sizeof file_columns / sizeof *file_columns, file_add);
	json_array_foreach(answer, i, object) if (words_is(object, "kind", "todo"))
	{
		if (todos++ == 0)
			putchar('\n');
		todo_tell(object);
	}
	return is_told;
}

enum ctl_exit show_run(const struct ctl *ctl, const char *run)
{
	json_t *answer;
	enum ctl_exit status = ask(ctl,
	    json_pack("{s:s, s:s, s:s*}", "command", "show", "run", run, "feed",
	        ctl->options[OPTION_FEED]),
	    &answer);
	return status == CTL_OK ? answered(ctl, answer, tell) : status;
}

enum ctl_exit ctl_show(const struct ctl *ctl)
{
	return show_run(ctl, ctl->arguments[0]);
}
