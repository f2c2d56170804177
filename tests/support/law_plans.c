/*
 * L8: what waits for a person. A plan that is open lies in held/ with its card, one that is closed
 * does not, and the run that closed it says so; a plan shows what its run has not done, and whoever
 * releases it does nothing beyond.
 */
#include "fatal.h"
#include "law_parts.h"

#include <stdlib.h>

/* Cells of a result; a plan has more behind them. */
enum { LINE, USERNAME, COLUMN, TARGET, OUTCOME, CODE, MESSAGE, BEFORE, AFTER, CELLS };

/* ---- held/<feed>/ ---- */

static void card_check(struct law *law, const struct law_run *run, const char *path)
{
	json_error_t error;
	json_t *card = json_load_file(rig_path(law->rig, "%s", path).text, 0, &error);
	bool is_held = strcmp(run->state, "held") == 0;
	if (strcmp(law_member(card, "run"), run->run) != 0 ||
	    strcmp(law_member(card, "feed"), run->feed) != 0 ||
	    strcmp(law_member(card, "plan"), run->plan->sha256) != 0 ||
	    json_is_true(json_object_get(card, "whole")) != is_held)
		law_break(law, "L8: %s is no card of the plan of run %s", path, run->run);
	json_decref(card);
}

static void sheet_check(struct law *law, const struct law_run *run, const char *path)
{
	char hash[HASH_SIZE];
	files_hash(rig_path(law->rig, "%s", path).text, hash);
	if (strcmp(hash, run->plan->sha256) != 0)
		law_break(law, "L8: %s is not the plan that run %s made", path, run->run);
}

bool law_take_held(struct law *law, struct law_run *run, const char *path)
{
	struct law_plan *plan = run->plan;
	struct path expected = path_of("held/%s/%s", run->feed, path_base(path));
	if (strcmp(expected.text, path) != 0)
		law_break(law, "L8: %s is not where plans of feed %s go", path, run->feed);
	if (!plan) {
		law_break(law, "L8: %s is of run %s, which has no plan", path, run->run);
		return false;
	}
	if (text_ends(path, ".cut.csv")) { /* what is to be archived of it, once it is decided */
		if (law->moment == LAW_IDLE && !law_needs_input(law, run))
			law_break(law, "L8: %s is left, no plan of it is open", path);
		return false;
	}
	if (law->moment == LAW_IDLE && !law_is_open(plan))
		law_break(law, "L8: %s is left, the plan is %s", path, plan->state);
	if (text_ends(path, ".plan.csv")) {
		sheet_check(law, run, path);
		plan->sheets++;
		return false;
	}
	if (text_ends(path, ".plan.json")) {
		card_check(law, run, path);
		plan->cards++;
		return false;
	}
	if (!text_ends(path, ".csv") && law_ending_size(path) == 0)
		return false; /* what lay beside the file */
	run->in_held++;
	return true;
}

/* ---- what a plan shows ---- */

struct rows {
	char **items; /* sorted; owned */
	size_t count;
};

typedef bool is_wanted(const struct table *table, size_t row, const void *context);

static char *row_join(const struct table *table, size_t row, const int *cells, size_t count)
{
	struct buffer text = {0};
	for (size_t i = 0; i < count; i++)
		buffer_print(&text, "%s\x1f", table_at(table, row, (size_t)cells[i]));
	buffer_add_char(&text, '\0');
	if (text.failed)
		fatal("out of memory");
	return text.bytes;
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *row_whole(const struct table *table, size_t row)
{
	static const int cells[] = {
	    LINE, USERNAME, COLUMN, TARGET, OUTCOME, CODE, MESSAGE, BEFORE, AFTER};
	return row_join(table, row, cells, CELLS);
}

/* What is approved with it: whoever is in no line is named. */
static char *row_key(const struct table *table, size_t row)
{
	static const int of_line[] = {LINE, COLUMN}, of_absent[] = {COLUMN, USERNAME, TARGET};
	bool is_absent = strcmp(table_at(table, row, COLUMN), "absent") == 0;
	return row_join(table, row, is_absent ? of_absent : of_line, is_absent ? 3 : 2);
}

static struct rows rows_gather(const struct table *table,
    char *(*text_of)(const struct table *, size_t), is_wanted *wanted, const void *context)
{
	struct rows rows = {.items = calloc(table->rows_count + 1, sizeof *rows.items)};
	if (!rows.items)
		fatal("out of memory");
	for (size_t row = 1; row < table->rows_count; row++)
		if (wanted(table, row, context))
			rows.items[rows.count++] = text_of(table, row);
	if (rows.count > 1)
		qsort(rows.items, rows.count, sizeof *rows.items, text_compare);
	return rows;
}

static void rows_done(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->items[i]);
	free(rows->items);
}

static bool is_any(const struct table *table, size_t row, const void *context)
{
	(void)table;
	(void)row;
	(void)context;
	return true;
}

static bool is_done(const struct table *table, size_t row)
{
	const char *outcome = table_at(table, row, OUTCOME);
	return strcmp(outcome, "done") == 0 || strcmp(outcome, "warning") == 0;
}

/* Of a result, what belongs into the plan. */
static bool is_planned(const struct table *table, size_t row, const void *context)
{
	return law_is_withheld(table_at(table, row, CODE)) ||
	       (law_is_rehearsed(context) && is_done(table, row));
}

static struct table table_of(const char *path)
{
	struct buffer text = files_read(path);
	struct table table = table_parse(text.bytes, text.size);
	buffer_done(&text);
	return table;
}

static void sheet_compare(struct law *law, const struct law_run *run)
{
	struct table result = table_of(run->result_path), plan = table_of(run->plan_path);
	struct rows wanted = rows_gather(&result, row_whole, is_planned, run);
	struct rows shown = rows_gather(&plan, row_whole, is_any, NULL);
	bool is_same = wanted.count == shown.count;
	for (size_t i = 0; is_same && i < wanted.count; i++)
		is_same = strcmp(wanted.items[i], shown.items[i]) == 0;
	json_t *count = json_object_get(json_object_get(run->json, "plan"), "rows");
	if (!is_same)
		law_break(law, "L8: the plan of run %s shows %zu rows, its result has %zu others",
		    run->run, shown.count, wanted.count);
	if (json_integer_value(count) != (json_int_t)shown.count)
		law_break(law, "L8: the summary of run %s miscounts its plan's rows", run->run);
	rows_done(&wanted);
	rows_done(&shown);
	table_done(&result);
	table_done(&plan);
}

/* ---- what a release does ---- */

static void beyond_check(struct law *law, const struct law_run *run, const struct law_run *released)
{
	struct table result = table_of(run->result_path), plan = table_of(released->plan_path);
	struct rows approved = rows_gather(&plan, row_key, is_any, NULL);
	for (size_t row = 1; row < result.rows_count; row++) {
		char *key = row_key(&result, row);
		if (is_done(&result, row) &&
		    !bsearch(&key, approved.items, approved.count, sizeof key, text_compare))
			law_break(law,
			    "L8: run %s did what was not in the plan: line %s, %s, %s of %s",
			    run->run, table_at(&result, row, LINE),
			    table_at(&result, row, USERNAME), table_at(&result, row, COLUMN),
			    table_at(&result, row, TARGET));
		free(key);
	}
	rows_done(&approved);
	table_done(&result);
	table_done(&plan);
}

/* ---- what became of plans ---- */

static bool is_named(const struct law_run *run, const char *word, const char *subject)
{
	return law_is_ordered(run) &&
	       strcmp(run->name, path_of("%s-%s.csv", word, subject).text) == 0;
}

static bool may_close(const struct law *law, const struct law_run *by, const struct law_run *run)
{
	const char *state = run->plan->state;
	if (strcmp(by->state, "applied") != 0)
		return by == run && strcmp(state, "discarded") == 0;
	if (strcmp(state, "released") == 0 || strcmp(state, "nothing_left") == 0)
		return is_named(by, "release", run->run);
	if (strcmp(state, "discarded") == 0)
		return by == run || is_named(by, "discard", run->run) ||
		       law_is_pruned_by(law, run->run, "held", by->run);
	return strcmp(state, "superseded") == 0 && by != run && strcmp(by->feed, run->feed) == 0;
}

static void closing_check(struct law *law, const struct law_run *run)
{
	const struct law_run *by = law_find(law, run->plan->closed_by);
	if (!by || by->commit < run->commit || !may_close(law, by, run))
		law_break(law, "L8: the plan of run %s is %s by run '%s', which does not say so",
		    run->run, run->plan->state, run->plan->closed_by);
}

static void plan_check(struct law *law, const struct law_run *run)
{
	const struct law_plan *plan = run->plan;
	const struct law_run *source = law_find(law, plan->source);
	if (!law_has_ended(run) || strcmp(plan->feed, run->feed) != 0 ||
	    strcmp(plan->sha256, run->plan_sha256) != 0)
		law_break(law, "L8: the plan of run %s, which is %s, is not that of the ledger",
		    run->run, run->state);
	if (!source || strcmp(source->feed, run->feed) != 0)
		law_break(law, "L8: the plan of run %s is about the input of run '%s'", run->run,
		    plan->source);
	if (!law_is_open(plan))
		closing_check(law, run);
	else if (*plan->closed_by)
		law_break(law, "L8: the plan of run %s is open, and closed by run %s", run->run,
		    plan->closed_by);
	else if (law->moment == LAW_IDLE && (plan->sheets != 1 || plan->cards != 1))
		law_break(law,
		    "L8: the plan of run %s is open; in held/ it is %zu times, its card %zu",
		    run->run, plan->sheets, plan->cards);
	if (*run->result_path && *run->plan_path)
		sheet_compare(law, run);
}

/* ---- orders ---- */

static const char *const words[] = {"release", "discard", "undo"};

static struct law_run *subject_find(const struct law *law, const struct law_run *run)
{
	char id[LAW_RUN_SIZE];
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t size = strlen(words[i]);
		if (!text_starts(run->name, words[i]) || run->name[size] != '-')
			continue;
		snprintf(id, sizeof id, "%s", run->name + size + 1);
		return is_named(run, words[i], id) ? law_find(law, id) : NULL;
	}
	return NULL;
}

/* A plan of which nothing can be done stays open. */
static bool has_done_nothing(const struct law_run *run)
{
	const json_t *outcomes = json_object_get(run->json, "outcomes");
	return text_starts(run->name, "release-") &&
	       json_integer_value(json_object_get(outcomes, "done")) == 0 &&
	       json_integer_value(json_object_get(outcomes, "warning")) == 0;
}

/* Of a plan, it was about that one, and closed it, unless it was refused. */
static void plan_order_check(
    struct law *law, const struct law_run *run, const struct law_run *subject)
{
	const struct law_plan *plan = subject->plan;
	bool is_applied = strcmp(run->state, "applied") == 0;
	bool has_closed = plan && strcmp(plan->closed_by, run->run) == 0;
	bool has_to = is_applied && !has_done_nothing(run);
	if (has_closed > is_applied || has_closed < has_to ||
	    (is_applied && strcmp(plan->sha256, run->sha256) != 0))
		law_break(law, "L8: run %s, %s, is %s; the plan of run %s is %s by '%s'", run->run,
		    run->name, run->state, subject->run, plan ? plan->state : "none",
		    plan ? plan->closed_by : "");
	if (is_applied && *run->result_path && *subject->plan_path)
		beyond_check(law, run, subject);
}

static void ordered_check(struct law *law, const struct law_run *run)
{
	const json_t *order = json_object_get(run->json, "order");
	const struct law_run *subject = subject_find(law, run);
	bool is_record = text_starts(run->name, "prune-") || text_starts(run->name, "accept-");
	if (is_record && *law_member(order, "by"))
		return; /* about no run */
	if (!subject || !law_has_ended(subject) || strcmp(subject->feed, run->feed) != 0 ||
	    strcmp(law_member(order, "feed"), run->feed) != 0 || !*law_member(order, "by"))
		law_break(law, "L8: run %s, %s, carries out no order", run->run, run->name);
	else if (!text_starts(run->name, "undo-"))
		plan_order_check(law, run, subject);
}

static bool is_served(const struct law *law, const char *order)
{
	json_error_t error;
	json_t *object = json_load_file(rig_path(law->rig, "orders/%s", order).text, 0, &error);
	struct buffer config = files_read(law->rig->config.text);
	struct path feed = path_of("\n  %s:", law_member(object, "feed"));
	bool is = *law_member(object, "feed") && strstr(config.bytes, feed.text);
	buffer_done(&config);
	json_decref(object);
	return is;
}

static void orders_check(struct law *law)
{
	static const char *const kinds[] = {"release.", "decline.", "undo.", "prune."};
	struct listing listing = files_list(rig_path(law->rig, "orders").text);
	for (size_t i = 0; i < listing.count; i++)
		for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
			if (text_starts(listing.entries[i].path, kinds[kind]) &&
			    is_served(law, listing.entries[i].path))
				law_break(law, "L8: orders/%s was not carried out",
				    listing.entries[i].path);
	listing_done(&listing);
}

void law_check_plans(struct law *law)
{
	for (size_t i = 0; i < law->runs_count; i++) {
		const struct law_run *run = &law->runs[i];
		if (run->plan)
			plan_check(law, run);
		else if (*run->plan_sha256 || strcmp(run->state, "held") == 0)
			law_break(
			    law, "L8: run %s, %s, has no row of its plan", run->run, run->state);
		if (law_is_ordered(run))
			ordered_check(law, run);
	}
	if (law->moment == LAW_IDLE)
		orders_check(law);
}
