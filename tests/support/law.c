#include "law.h"

#include "fatal.h"
#include "law_parts.h"
#include "program.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>

enum { BREACHES_PRINTED = 40, RUNS_MAX = 1 << 20 };

void law_break(struct law *law, const char *format, ...)
{
	char line[2048];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (law->report->breaches++ < BREACHES_PRINTED)
		buffer_print(&law->report->text, "%s\n", line);
}

const char *law_copy(struct law *law, const char *text)
{
	struct slice copy = arena_copy(law->arena, slice_of(text));
	if (arena_has_failed(law->arena))
		fatal("out of memory");
	return copy.bytes;
}

bool law_has_ended(const struct law_run *run)
{
	return strcmp(run->state, "applied") == 0 || strcmp(run->state, "previewed") == 0 ||
	       strcmp(run->state, "held") == 0 || law_is_put_aside(run);
}

bool law_is_put_aside(const struct law_run *run)
{
	return strcmp(run->state, "refused") == 0 || strcmp(run->state, "discarded") == 0;
}

bool law_is_rehearsed(const struct law_run *run)
{
	const struct law_plan *plan = run->plan;
	return plan && plan->is_whole && strcmp(plan->source, run->run) == 0;
}

bool law_is_ordered(const struct law_run *run)
{
	return json_is_object(json_object_get(run->json, "order"));
}

struct law_run *law_released(const struct law *law, const struct law_run *run)
{
	static const char word[] = "release-";
	char id[LAW_RUN_SIZE];
	if (!law_is_ordered(run) || !text_starts(run->name, word))
		return NULL;
	snprintf(id, sizeof id, "%s", run->name + strlen(word));
	return law_find(law, id);
}

bool law_is_withheld(const char *code)
{
	static const char *const codes[] = {
	    "withheld", "header_changed", "older_file", "other_file", "maybe_renamed"};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

bool law_is_open(const struct law_plan *plan)
{
	return strcmp(plan->state, "open") == 0;
}

bool law_needs_input(const struct law *law, const struct law_run *run)
{
	for (size_t i = 0; i < law->plans_count; i++)
		if (law_is_open(&law->plans[i]) && strcmp(law->plans[i].source, run->run) == 0)
			return true;
	return false;
}

bool law_is_unwanted(const struct law_plan *plan)
{
	return strcmp(plan->state, "discarded") == 0 || strcmp(plan->state, "superseded") == 0;
}

const char *law_member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

bool law_has_shape(const char *text, const char *shape)
{
	for (; *shape; shape++, text++)
		if (*shape == 'd' ? !isdigit((unsigned char)*text) : *text != *shape)
			return false;
	return true;
}

bool law_read_run(const char *name, char run[LAW_RUN_SIZE])
{
	bool is_found = false;
	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
		if (!law_has_shape(dot + 1, "dddddddd-dddddd-dddddd"))
			continue;
		memcpy(run, dot + 1, LAW_RUN_SIZE - 1);
		run[LAW_RUN_SIZE - 1] = '\0';
		is_found = true;
	}
	return is_found;
}

struct law_run *law_find(const struct law *law, const char *run)
{
	size_t low = 0, high = law->runs_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(law->runs[middle].run, run);
		if (order == 0)
			return &law->runs[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- the ledger ---- */

static const char *column_text(struct law *law, sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	return law_copy(law, text ? text : "");
}

static struct law_run run_read(struct law *law, sqlite3_stmt *row)
{
	struct law_run run = {
	    .run = column_text(law, row, 0),
	    .state = column_text(law, row, 1),
	    .feed = column_text(law, row, 2),
	    .name = column_text(law, row, 3),
	    .sha256 = column_text(law, row, 4),
	    .policy = column_text(law, row, 5),
	    .summary = column_text(law, row, 6),
	    .summary_sha256 = column_text(law, row, 7),
	    .result_sha256 = column_text(law, row, 8),
	    .retry_sha256 = column_text(law, row, 9),
	    .plan_sha256 = column_text(law, row, 10),
	    .report_sha256 = column_text(law, row, 11),
	    .bytes = sqlite3_column_int64(row, 12),
	    .records = sqlite3_column_int64(row, 13),
	    .result_bytes = sqlite3_column_int64(row, 14),
	    .input_pruned = column_text(law, row, 15),
	    .answer_pruned = column_text(law, row, 16),
	    .summary_path = "",
	    .result_path = "",
	    .retry_path = "",
	    .plan_path = "",
	    .report_path = "",
	};
	json_error_t error;
	if (run.summary[0] && !(run.json = json_loads(run.summary, JSON_REJECT_DUPLICATES, &error)))
		law_break(law, "the ledger's summary of %s is no JSON: %s", run.run, error.text);
	return run;
}

static void ledger_load(struct law *law)
{
	static const char sql[] =
	    "SELECT run, state, feed, name, sha256, policy, summary, summary_sha256,"
	    " result_sha256, retry_sha256, plan_sha256, report_sha256, bytes, records,"
	    " result_bytes,"
	    " input_pruned, answer_pruned"
	    " FROM enrold_run ORDER BY run COLLATE BINARY";
	size_t count = (size_t)rig_number(law->rig, "SELECT count(*) FROM enrold_run");
	law->runs = calloc(count + 1, sizeof *law->runs);
	sqlite3_stmt *statement = NULL;
	if (!law->runs || count > RUNS_MAX ||
	    sqlite3_prepare_v2(law->database, sql, -1, &statement, NULL) != SQLITE_OK)
		fatal("cannot read the ledger: %s", sqlite3_errmsg(law->database));
	while (law->runs_count < count && sqlite3_step(statement) == SQLITE_ROW)
		law->runs[law->runs_count++] = run_read(law, statement);
	sqlite3_finalize(statement);
}

static struct law_plan plan_read(struct law *law, sqlite3_stmt *row)
{
	return (struct law_plan){
	    .run = column_text(law, row, 0),
	    .feed = column_text(law, row, 1),
	    .sha256 = column_text(law, row, 2),
	    .state = column_text(law, row, 3),
	    .closed_by = column_text(law, row, 4),
	    .source = column_text(law, row, 5),
	    .is_whole = sqlite3_column_int(row, 6) != 0,
	};
}

static void plans_load(struct law *law)
{
	static const char sql[] = "SELECT run, feed, sha256, state, closed_by, source, whole"
	                          " FROM enrold_plan ORDER BY run COLLATE BINARY";
	size_t count = (size_t)rig_number(law->rig, "SELECT count(*) FROM enrold_plan");
	law->plans = calloc(count + 1, sizeof *law->plans);
	sqlite3_stmt *statement = NULL;
	if (!law->plans || count > RUNS_MAX ||
	    sqlite3_prepare_v2(law->database, sql, -1, &statement, NULL) != SQLITE_OK)
		fatal("cannot read the plans: %s", sqlite3_errmsg(law->database));
	while (law->plans_count < count && sqlite3_step(statement) == SQLITE_ROW) {
		struct law_plan *plan = &law->plans[law->plans_count++];
		*plan = plan_read(law, statement);
		struct law_run *run = law_find(law, plan->run);
		if (run)
			run->plan = plan;
		else
			law_break(law, "L4: a plan belongs to run %s, which is not in the ledger",
			    plan->run);
	}
	sqlite3_finalize(statement);
}

static void ledger_free(struct law *law)
{
	for (size_t i = 0; i < law->runs_count; i++)
		json_decref(law->runs[i].json);
	free(law->runs);
	free(law->plans);
	free(law->pruned);
}

/* ---- the whole ---- */

size_t law_check(const struct rig *rig, enum law_moment moment, struct law_report *report)
{
	*report = (struct law_report){0};
	struct law law = {
	    .rig = rig,
	    .moment = moment,
	    .report = report,
	    .arena = arena_create(),
	    .database = rig_database(rig),
	};
	if (!law.arena)
		fatal("out of memory");
	ledger_load(&law);
	plans_load(&law);
	law_load_pruned(&law);
	law_check_places(&law);
	law_check_answers(&law);
	law_check_chain(&law);
	law_check_notes(&law);
	law_check_plans(&law);
	law_check_lms(&law);
	ledger_free(&law);
	sqlite3_close(law.database);
	arena_free(law.arena);
	buffer_add_char(&report->text, '\0');
	return report->breaches;
}

void law_report_done(struct law_report *report)
{
	buffer_done(&report->text);
	*report = (struct law_report){0};
}

void law_holds(const struct rig *rig, enum law_moment moment)
{
	struct law_report report;
	if (law_check(rig, moment, &report) > 0)
		fatal("the law is broken %zu times:\n%s", report.breaches, report.text.bytes);
	law_report_done(&report);
}

/* What enrold itself says of it: nobody has touched anything, so nothing may be named. By settings
 * of its own: the test's may be bad by now. */
static void verify_holds(const struct rig *rig)
{
	struct path config = path_of("%s/law.yaml", rig->root.text);
	struct path text = path_of("spool: \"%s\"\nlms: { url: \"sqlite:%s\" }\n",
	    rig->directory.text, rig->database.text);
	files_write(config.text, text.text, strlen(text.text), 0600);
	/* As root it acts as the spool's owner, which the leak finder does not bear. */
	const char *options = getenv("ASAN_OPTIONS");
	char *before = options ? strdup(options) : NULL;
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	struct finished finished = program_run(ARGV("enrolctl", "--config", config.text, "verify"));
	if (before)
		setenv("ASAN_OPTIONS", before, 1);
	else
		unsetenv("ASAN_OPTIONS");
	free(before);
	if (finished.status != 0)
		fatal("verify ends with %d where nobody has touched anything:\n%s%s",
		    finished.status, finished.out.bytes, finished.err.bytes);
	finished_done(&finished);
}

void law_close(struct rig *rig)
{
	law_holds(rig, LAW_IDLE);
	verify_holds(rig);
	rig_remove(rig);
}
