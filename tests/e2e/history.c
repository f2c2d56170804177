/* What enrolctl tells of runs and people: runs, show and explain, as JSON. */
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "service.h"
#include "undoing.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FEEDS                                                                                      \
	"  default: { allow_suspend: true, allow_delete: true, allow_rename: true, " RIG_MAY_ALL   \
	" }\n"                                                                                     \
	"  hr: { match_by: email }\n"                                                              \
	"  numbers: { course_by: idnumber, " RIG_MAY_ALL " }\n"                                    \
	"  adds: { upload_type: add_or_update, " RIG_MAY_ALL " }\n"

/* ---- asking ---- */

static struct finished ask(const struct rig *rig, int status, const char *const *words, bool json)
{
	const char *argv[16] = {"enrolctl", "--config", rig->config.text};
	size_t count = 3;
	if (json)
		argv[count++] = "--json";
	for (; *words; words++)
		argv[count++] = *words;
	argv[count] = NULL;
	return program_expect(status, argv);
}

/* The objects, one a line. */
static json_t *objects(const struct rig *rig, const char *const *words)
{
	struct finished finished = ask(rig, 0, words, true);
	json_t *all = json_array();
	for (char *line = finished.out.bytes, *end; (end = strchr(line, '\n')); line = end + 1) {
		json_t *object = json_loadb(line, (size_t)(end - line), 0, NULL);
		cr_assert(json_is_object(object), "%s", line);
		json_array_append_new(all, object);
	}
	finished_done(&finished);
	return all;
}

#define ASK(rig, ...) objects((rig), ((const char *const[]){__VA_ARGS__, NULL}))

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));
	return value ? value : "";
}

static long long number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* The nth of this kind; NULL: there are not so many. */
static const json_t *nth(const json_t *all, const char *kind, size_t n)
{
	size_t i;
	json_t *object;
	json_array_foreach(
	    all, i, object) if (strcmp(text(object, "kind"), kind) == 0 && n-- == 0) return object;
	return NULL;
}

static size_t count(const json_t *all, const char *kind)
{
	size_t n = 0;
	while (nth(all, kind, n))
		n++;
	return n;
}

/* "file:line code|file:line code", of all rows. */
static void expect_rows(const json_t *all, const char *wanted)
{
	struct buffer rows = {0};
	const json_t *row;
	for (size_t n = 0; (row = nth(all, "row", n)); n++)
		buffer_print(&rows, "%s%s:%lld %s", n > 0 ? "|" : "", text(row, "file"),
		    number(row, "line"), text(row, "code"));
	buffer_add_char(&rows, '\0');
	cr_expect_str_eq(rows.bytes, wanted);
	buffer_done(&rows);
}

static void expect_refused(const struct rig *rig, const char *const *words, const char *said)
{
	struct finished finished = ask(rig, 1, words, true);
	cr_expect_str_eq(finished.out.bytes, "");
	cr_expect(strstr(finished.err.bytes, said), "%s", finished.err.bytes);
	finished_done(&finished);
}

#define EXPECT_REFUSED(rig, said, ...)                                                             \
	expect_refused((rig), ((const char *const[]){__VA_ARGS__, NULL}), said)

static void drop(struct rig *rig, const char *name, const char *rows)
{
	rig_drop(rig, name, rows);
	rig_once(rig);
}

static void make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.feeds = FEEDS});
	files_make_directory(rig_inbox(rig, "hr").text);
	files_make_directory(rig_inbox(rig, "adds").text);
	files_make_directory(rig_inbox(rig, "preview").text);
	rig_execute(rig,
	    "UPDATE mdl_user SET email = username || '@example.org', idnumber = 'N' || "
	    "username WHERE username LIKE 'p%'");
}

/* The file of the newest answer that ends so. */
static struct path answer_file(const struct rig *rig, const char *run, const char *end)
{
	struct listing listing = files_list(rig_path(rig, "outbox").text);
	struct path found = {""};
	for (size_t i = 0; i < listing.count; i++)
		if (strstr(listing.entries[i].path, run) && text_ends(listing.entries[i].path, end))
			found = rig_path(rig, "outbox/%s", listing.entries[i].path);
	listing_done(&listing);
	cr_assert(*found.text, "%s of %s", end, run);
	return found;
}

static struct path run_of(const struct rig *rig, const char *file)
{
	json_t *all = ASK(rig, "runs", "--file", file);
	cr_assert(nth(all, "run", 0), "%s", file);
	struct path run = path_of("%s", text(nth(all, "run", 0), "run"));
	json_decref(all);
	return run;
}

/* ---- runs ---- */

static void three_drop(struct rig *rig)
{
	drop(rig, "staff.csv", "username,course1\np1,C1\nnobody,C1\n");
	drop(rig, "hr/bad.csv", "email,colour\np1@example.org,red\n");
	drop(rig, "preview/staff.csv", "username,course1\np2,C1\n");
}

Test(history, runs_tells_each_run_with_the_newest_first)
{
	struct rig rig;
	make(&rig);
	three_drop(&rig);
	json_t *all = ASK(&rig, "runs");
	cr_expect_eq(json_array_size(all), 3);
	const json_t *preview = nth(all, "run", 0), *bad = nth(all, "run", 1),
	             *staff = nth(all, "run", 2);
	cr_expect_str_eq(text(preview, "mode"), "preview");
	cr_expect_str_eq(text(preview, "status"), "done");
	cr_expect_str_eq(text(bad, "feed"), "hr");
	cr_expect_str_eq(text(bad, "status"), "refused");
	cr_expect_str_eq(text(json_object_get(bad, "refusal"), "code"), "header_unknown_column");
	cr_expect_str_eq(text(staff, "file"), "staff.csv");
	cr_expect_str_eq(text(staff, "mode"), "apply");
	cr_expect_str_eq(text(staff, "source"), "ledger");
	cr_expect_str_eq(text(staff, "node"), RIG_NODE);
	cr_expect_eq(number(staff, "rows"), 2);
	cr_expect_eq(number(staff, "rows_in_error"), 1);
	cr_expect_eq(number(staff, "bytes"), 33);
	cr_expect_eq(number(json_object_get(staff, "outcomes"), "done"), 1);
	cr_expect(json_is_null(json_object_get(staff, "refusal")));
	cr_expect(json_is_string(json_object_get(staff, "finished")));
	json_decref(all);
	law_close(&rig);
}

static void expect_count(const struct rig *rig, size_t wanted, const char *const *words)
{
	json_t *all = objects(rig, words);
	cr_expect_eq(count(all, "run"), wanted, "%s %s", words[1], words[2]);
	json_decref(all);
}

#define EXPECT_COUNT(rig, wanted, ...)                                                             \
	expect_count((rig), wanted, ((const char *const[]){__VA_ARGS__, NULL}))

Test(history, runs_takes_those_that_are_asked_for)
{
	struct rig rig;
	make(&rig);
	three_drop(&rig);
	EXPECT_COUNT(&rig, 1, "runs", "--feed", "hr");
	EXPECT_COUNT(&rig, 2, "runs", "--feed", "default");
	EXPECT_COUNT(&rig, 0, "runs", "--feed", "adds");
	EXPECT_COUNT(&rig, 2, "runs", "--file", "st*.csv");
	EXPECT_COUNT(&rig, 1, "runs", "--status", "refused");
	EXPECT_COUNT(&rig, 2, "runs", "--status", "done");
	EXPECT_COUNT(&rig, 1, "runs", "--status", "preview");
	EXPECT_COUNT(&rig, 2, "runs", "--limit", "2");
	EXPECT_COUNT(&rig, 3, "runs", "--since", "1h");
	EXPECT_COUNT(&rig, 3, "runs", "--since", "yesterday");
	EXPECT_COUNT(&rig, 0, "runs", "--until", "1h");
	EXPECT_COUNT(&rig, 0, "runs", "--since", "2200-01-01");
	EXPECT_COUNT(&rig, 3, "runs", "--since", "2020-01-01", "--until", "2200-01-01");
	struct finished finished =
	    ask(&rig, 64, (const char *const[]){"runs", "--since", "soon", NULL}, false);
	finished_done(&finished);
	law_close(&rig);
}

/* More than are read together. */
Test(history, runs_of_more_pages_are_all_there_and_in_order)
{
	enum { RUNS = 150 };
	struct rig rig;
	make(&rig);
	for (int i = 0; i < RUNS; i++)
		rig_drop(&rig, path_of("f%03d.csv", i).text, "username,course1\np1,C1\n");
	rig_once(&rig);
	json_t *all = ASK(&rig, "runs", "--limit", "0");
	cr_expect_eq(count(all, "run"), RUNS);
	for (size_t i = 1; i < RUNS; i++)
		cr_expect_gt(
		    strcmp(text(nth(all, "run", i - 1), "run"), text(nth(all, "run", i), "run")),
		    0);
	json_decref(all);
	all = ASK(&rig, "explain", "p1");
	cr_expect_eq(count(all, "row"), RUNS);
	cr_expect_str_eq(text(nth(all, "row", 0), "code"), "enrolled");
	json_decref(all);
	law_close(&rig);
}

static void database_move(const struct rig *rig, bool away)
{
	struct path other = path_of("%s.away", rig->database.text);
	files_rename(
	    away ? rig->database.text : other.text, away ? other.text : rig->database.text);
}

Test(history, without_the_database_tells_what_the_outbox_has_and_says_so)
{
	struct rig rig;
	make(&rig);
	three_drop(&rig);
	files_write(
	    rig_path(&rig, "outbox/x.20200101-000000-000000.summary.json").text, "{}", 2, 0640);
	files_write(
	    rig_path(&rig, "outbox/hr/y.20200101-000000-000001.summary.json").text, "[", 1, 0640);
	database_move(&rig, true);
	json_t *all = ASK(&rig, "runs");
	cr_expect_str_eq(text(nth(all, "note", 0), "source"), "outbox");
	cr_expect_eq(count(all, "run"), 3);
	cr_expect_str_eq(text(nth(all, "run", 1), "feed"), "hr");
	cr_expect_str_eq(text(nth(all, "run", 1), "status"), "refused");
	cr_expect_str_eq(text(nth(all, "run", 0), "mode"), "preview");
	cr_expect_str_eq(text(nth(all, "run", 2), "source"), "outbox");
	cr_expect(json_is_null(json_object_get(nth(all, "run", 2), "rows_in_error")));
	cr_expect_eq(number(nth(all, "run", 2), "rows"), 2);
	json_decref(all);
	all = ASK(&rig, "show", "last", "--feed", "hr");
	cr_expect_str_eq(text(nth(all, "run", 0), "file"), "bad.csv");
	json_decref(all);
	all = ASK(&rig, "explain", "p1", "C1");
	expect_rows(all, "staff.csv:2 enrolled");
	cr_expect_str_eq(text(nth(all, "account", 0), "state"), "unknown");
	cr_expect(*text(nth(all, "account", 0), "why"));
	cr_expect_str_eq(text(nth(all, "course", 0), "enrolled"), "unknown");
	cr_expect(json_is_null(json_object_get(nth(all, "course", 0), "changed_since")));
	json_decref(all);
	EXPECT_REFUSED(&rig, "without the database", "explain", "p7");
	database_move(&rig, false);
	files_remove(rig_path(&rig, "outbox/x.20200101-000000-000000.summary.json").text);
	files_remove(rig_path(&rig, "outbox/hr/y.20200101-000000-000001.summary.json").text);
	law_close(&rig);
}

/* ---- show ---- */

static const json_t *file_of(const json_t *all, const char *what)
{
	const json_t *file;
	for (size_t n = 0; (file = nth(all, "file", n)); n++)
		if (strcmp(text(file, "what"), what) == 0)
			return file;
	return NULL;
}

static void expect_file(const json_t *all, const char *what, const char *state)
{
	const json_t *file = file_of(all, what);
	cr_assert(file, "%s", what);
	cr_expect_str_eq(text(file, "state"), state, "%s is %s", what, text(file, "state"));
	bool is_there = json_is_true(json_object_get(file, "is_there"));
	cr_expect_eq(is_there, files_exist(text(file, "path")), "%s", text(file, "path"));
	cr_expect_eq(is_there, strcmp(state, "missing") != 0);
}

Test(history, show_groups_problems_by_their_cause_and_says_what_to_do)
{
	struct rig rig;
	make(&rig);
	drop(&rig, "staff.csv",
	    "username,course1,course2\np1,C1,\np2,SAFTEY,C2\np3,C1,SAFTEY\np4,SAFTEY,\np5,X9,\n"
	    "nobody,C1,\n");
	json_t *all = ASK(&rig, "show", "last");
	const json_t *first = nth(all, "cause", 0), *second = nth(all, "cause", 1);
	cr_expect_eq(count(all, "cause"), 2);
	cr_expect_str_eq(text(first, "code"), "course_not_found");
	cr_expect_eq(number(first, "count"), 4);
	cr_expect_eq(number(first, "line"), 3);
	cr_expect(strstr(text(first, "message"), "SAFTEY"));
	cr_expect_eq(json_array_size(json_object_get(first, "columns")), 2);
	const json_t *target = json_array_get(json_object_get(first, "targets"), 0);
	cr_expect_str_eq(text(target, "target"), "SAFTEY");
	cr_expect_eq(number(target, "count"), 3);
	cr_expect(json_is_true(json_object_get(first, "targets_exact")));
	cr_expect_str_eq(text(second, "code"), "user_not_found");
	const char *const files[] = {"input", "result", "retry", "summary"};
	for (size_t i = 0; i < 4; i++)
		expect_file(all, files[i], "as_recorded");
	cr_expect_not(file_of(all, "reason"));
	cr_expect(strstr(text(nth(all, "todo", 0), "command"), "enrolctl retry "));
	cr_expect_eq(number(json_object_get(nth(all, "run", 0), "codes"), "course_not_found"), 4);
	json_decref(all);
	law_close(&rig);
}

Test(history, show_of_a_refused_file_has_its_reason_and_of_a_preview_that_nothing_was_changed)
{
	struct rig rig;
	make(&rig);
	three_drop(&rig);
	json_t *all = ASK(&rig, "show", "last", "--feed", "hr");
	expect_file(all, "input", "as_recorded");
	expect_file(all, "reason", "not_checked");
	cr_expect(strstr(text(file_of(all, "input"), "path"), "/quarantine/bad."));
	cr_expect(strstr(text(nth(all, "todo", 0), "text"), "Nothing was applied"));
	json_decref(all);
	all = ASK(&rig, "show", "last");
	cr_expect(strstr(text(file_of(all, "result"), "path"), ".preview.result.csv"));
	expect_file(all, "result", "as_recorded");
	cr_expect(strstr(text(nth(all, "todo", 0), "text"), "Nothing was changed"));
	json_decref(all);
	law_close(&rig);
}

Test(history, show_tells_what_was_altered_or_taken_away)
{
	struct rig rig;
	make(&rig);
	drop(&rig, "staff.csv", "username,course1\np1,C1\nnobody,C1\n");
	struct path run = run_of(&rig, "staff.csv");
	struct path result = answer_file(&rig, run.text, ".result.csv");
	struct path retry = answer_file(&rig, run.text, ".retry.csv");
	struct buffer whole = files_read(result.text), rows = files_read(retry.text);
	whole.bytes[whole.size - 2] ^= 1;
	files_write(result.text, whole.bytes, whole.size, 0640);
	whole.bytes[whole.size - 2] ^= 1;
	files_remove(retry.text);
	json_t *all = ASK(&rig, "show", run.text);
	expect_file(all, "result", "altered");
	expect_file(all, "retry", "missing");
	expect_file(all, "input", "as_recorded");
	cr_expect_eq(count(all, "cause"), 0);
	json_decref(all);
	files_write(result.text, whole.bytes, whole.size - 30, 0640);
	all = ASK(&rig, "show", run.text);
	expect_file(all, "result", "altered");
	json_decref(all);
	files_remove(result.text);
	all = ASK(&rig, "show", run.text);
	expect_file(all, "result", "missing");
	json_decref(all);
	files_write(result.text, whole.bytes, whole.size, 0640);
	files_write(retry.text, rows.bytes, rows.size, 0600);
	buffer_done(&whole);
	buffer_done(&rows);
	law_close(&rig);
}

Test(history, show_of_no_run_says_so)
{
	struct rig rig;
	make(&rig);
	EXPECT_REFUSED(&rig, "no run yet", "show", "last");
	EXPECT_REFUSED(&rig, "no run", "show", "20200101-000000-000000");
	law_close(&rig);
}

/* ---- explain ---- */

Test(history, explain_tells_what_files_did_and_what_somebody_else_has_changed_since)
{
	struct rig rig;
	make(&rig);
	drop(&rig, "staff.csv", "username,course1,course2\np1,C1,C2\np2,C1,C2\n");
	drop(&rig, "staff.csv", "username,course1,course2\np1,C1,C2\n");
	drop(&rig, "off.csv", "username,suspended\np1,1\n");
	json_t *all = ASK(&rig, "explain", "p1");
	expect_rows(all, "staff.csv:2 enrolled|staff.csv:2 enrolled|staff.csv:2 already_enrolled|"
	                 "staff.csv:2 already_enrolled|off.csv:2 account_suspended");
	const json_t *row = nth(all, "row", 0);
	cr_expect_str_eq(text(row, "before"), "");
	cr_expect(text_starts(text(row, "after"), "status=0;timestart="));
	cr_expect_str_eq(text(row, "target"), "C1");
	cr_expect_str_eq(text(row, "column"), "course1");
	cr_expect_str_eq(text(nth(all, "account", 0), "state"), "suspended");
	cr_expect(json_is_false(json_object_get(nth(all, "account", 0), "changed_since")));
	for (size_t n = 0; n < 2; n++) {
		const json_t *course = nth(all, "course", n);
		cr_expect_str_eq(text(course, "enrolled"), "active");
		cr_expect_str_eq(text(course, "today"), text(course, "said"));
		cr_expect(json_is_false(json_object_get(course, "changed_since")));
	}
	json_decref(all);
	/* Another hand. */
	rig_execute(&rig,
	    "UPDATE mdl_user_enrolments SET status = 1, modifierid = 2, timemodified = 1700000000 "
	    "WHERE userid = (SELECT id FROM mdl_user WHERE username = 'p1') AND enrolid IN (SELECT "
	    "e.id FROM mdl_enrol e JOIN mdl_course c ON c.id = e.courseid WHERE c.shortname = "
	    "'C1'); UPDATE mdl_user SET suspended = 0 WHERE username = 'p1'");
	all = ASK(&rig, "explain", "P1", "C1");
	expect_rows(all, "staff.csv:2 enrolled|staff.csv:2 already_enrolled|off.csv:2 "
	                 "account_suspended");
	const json_t *course = nth(all, "course", 0);
	cr_expect_eq(count(all, "course"), 1);
	cr_expect_str_eq(text(course, "enrolled"), "suspended");
	cr_expect(json_is_true(json_object_get(course, "changed_since")));
	cr_expect_str_eq(text(course, "written"), "2023-11-14T22:13:20.000Z");
	cr_expect_str_eq(text(course, "written_by"), "admin");
	const json_t *account = nth(all, "account", 0);
	cr_expect_str_eq(text(account, "state"), "active");
	cr_expect(json_is_true(json_object_get(account, "changed_since")));
	cr_expect_str_eq(
	    text(json_array_get(json_object_get(account, "differences"), 0), "name"), "suspended");
	json_decref(all);
	/* Unenrolled by another hand, and enrolled by another method. */
	rig_execute(&rig,
	    "DELETE FROM mdl_user_enrolments WHERE userid = (SELECT id FROM mdl_user WHERE "
	    "username "
	    "= 'p2'); DELETE FROM mdl_role_assignments WHERE userid = (SELECT id FROM mdl_user "
	    "WHERE username = 'p2');"
	    "INSERT INTO mdl_enrol (enrol, status, courseid, sortorder) SELECT 'self', 0, id, 9 "
	    "FROM mdl_course WHERE shortname = 'C1'; INSERT INTO mdl_user_enrolments (status, "
	    "enrolid, userid, timestart, timeend, modifierid, timecreated, timemodified) SELECT 0, "
	    "e.id, u.id, 0, 0, 0, 0, 0 FROM mdl_enrol e, mdl_user u WHERE e.enrol = 'self' AND "
	    "u.username = 'p2'");
	all = ASK(&rig, "explain", "p2", "C1");
	course = nth(all, "course", 0);
	cr_expect_str_eq(text(course, "enrolled"), "no");
	cr_expect_str_eq(text(course, "today"), "");
	cr_expect(json_is_true(json_object_get(course, "changed_since")));
	const json_t *other = json_array_get(json_object_get(course, "others"), 0);
	cr_expect_str_eq(text(other, "method"), "self");
	cr_expect_str_eq(text(other, "enrolled"), "active");
	json_decref(all);
	rig_remove(&rig);
}

Test(history, explain_follows_a_renamed_account_from_any_of_its_names)
{
	static const char *const asked[] = {"p1", "p1.berg", "p1.holm", "p1@example.org", "Np1"};
	struct rig rig;
	make(&rig);
	drop(&rig, "a.csv", "username,course1\np1,C1\n");
	drop(&rig, "b.csv", "username,oldusername\np1.berg,p1\n");
	drop(&rig, "c.csv", "username,course1\np1.berg,C2\n");
	drop(&rig, "d.csv", "username,oldusername,course1\np1.holm,p1.berg,C3\n");
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		json_t *all = ASK(&rig, "explain", asked[i]);
		expect_rows(all, "a.csv:2 enrolled|b.csv:2 account_renamed|c.csv:2 "
		                 "enrolled|d.csv:2 account_renamed|d.csv:2 enrolled");
		cr_expect_str_eq(text(nth(all, "account", 0), "username"), "p1.holm");
		cr_expect_eq(count(all, "course"), 3);
		json_decref(all);
	}
	law_close(&rig);
}

Test(history, explain_follows_what_was_taken_back)
{
	static const char *const asked[] = {"p1", "p1.berg"};
	struct rig rig;
	struct reply reply;
	make(&rig);
	drop(&rig, "a.csv", "username,oldusername,suspended,course1\np1.berg,p1,1,C1\n");
	reply_open(&reply, &rig, "a.csv", 0);
	struct path run = undo_subject(&reply);
	reply_close(&reply);
	undo_run(&rig, run.text, &reply);
	reply_close(&reply);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		json_t *all = ASK(&rig, "explain", asked[i]);
		cr_expect_eq(count(all, "row"), 6);
		const json_t *account = nth(all, "account", 0);
		cr_expect_str_eq(text(account, "username"), "p1");
		cr_expect_eq(json_array_size(json_object_get(account, "differences")), 0);
		const json_t *course = nth(all, "course", 0);
		cr_expect_str_eq(text(course, "enrolled"), "no");
		cr_expect(json_is_false(json_object_get(course, "changed_since")));
		json_decref(all);
	}
	rig_remove(&rig);
}

/* The name is somebody else's now. */
Test(history, explain_tells_two_people_apart_who_had_one_name_after_the_other)
{
	struct rig rig;
	make(&rig);
	drop(&rig, "a.csv", "username,course1\np1,C1\n");
	drop(&rig, "b.csv", "username,oldusername\nolder,p1\n");
	drop(&rig, "c.csv", "username,oldusername\np1,p2\n");
	drop(&rig, "d.csv", "username,course1\np1,C2\n");
	json_t *all = ASK(&rig, "explain", "p1");
	expect_rows(all, "c.csv:2 account_renamed|d.csv:2 enrolled");
	json_decref(all);
	all = ASK(&rig, "explain", "older");
	expect_rows(all, "a.csv:2 enrolled|b.csv:2 account_renamed");
	json_decref(all);
	law_close(&rig);
}

Test(history, explain_knows_rows_that_found_nobody_by_address)
{
	struct rig rig;
	make(&rig);
	rig_execute(&rig, "UPDATE mdl_user SET email = 'old@example.org' WHERE username = 'p1'");
	drop(&rig, "hr/x.csv", "email,course1\nP1@example.org,C1\n");
	rig_execute(&rig, "UPDATE mdl_user SET email = 'p1@example.org' WHERE username = 'p1'");
	drop(&rig, "hr/y.csv", "email,course1\nP1@example.org,C1\n");
	json_t *all = ASK(&rig, "explain", "p1", "C1");
	expect_rows(all, "x.csv:2 user_not_found|x.csv:2 row_not_applied|y.csv:2 enrolled");
	json_decref(all);
	law_close(&rig);
}

Test(history, explain_tells_of_the_deleted_and_of_those_who_never_were)
{
	struct rig rig;
	make(&rig);
	drop(&rig, "a.csv", "username,course1\np1,C1\nghost,C1\n");
	drop(&rig, "b.csv", "username,deleted\np1,1\n");
	json_t *all = ASK(&rig, "explain", "p1");
	expect_rows(all, "a.csv:2 enrolled|b.csv:2 account_deleted");
	cr_expect_str_eq(text(nth(all, "account", 0), "state"), "deleted");
	cr_expect(json_is_false(json_object_get(nth(all, "course", 0), "changed_since")));
	json_decref(all);
	all = ASK(&rig, "explain", "ghost");
	expect_rows(all, "a.csv:3 user_not_found|a.csv:3 row_not_applied");
	cr_expect_str_eq(text(nth(all, "account", 0), "state"), "none");
	json_decref(all);
	all = ASK(&rig, "explain", "p3", "C1");
	cr_expect_eq(count(all, "row"), 0);
	cr_expect_str_eq(text(nth(all, "course", 0), "enrolled"), "no");
	json_decref(all);
	EXPECT_REFUSED(&rig, "did you mean 'p10'?", "explain", "p1o");
	EXPECT_REFUSED(&rig, "nobody is or was called", "explain", "somebody.else.entirely");
	law_close(&rig);
}

Test(history, explain_of_a_course_takes_what_belongs_to_it)
{
	struct rig rig;
	make(&rig);
	drop(&rig, "a.csv",
	    "username,course1,group1,course2,group2\np1,C1,Red,C2,Blue\np1,C2,Green,C1,Grey\n");
	json_t *all = ASK(&rig, "explain", "p1", "c1");
	struct buffer targets = {0};
	const json_t *row;
	for (size_t n = 0; (row = nth(all, "row", n)); n++)
		buffer_print(&targets, "%lld %s|", number(row, "line"), text(row, "target"));
	buffer_add_char(&targets, '\0');
	cr_expect_str_eq(targets.bytes, "2 C1|2 Red|3 C1|3 Grey|");
	buffer_done(&targets);
	json_decref(all);
	law_close(&rig);
}

/* Feeds call it by its short name, or by its idnumber: it is one course. */
Test(history, explain_of_a_course_takes_what_was_said_by_its_other_name)
{
	struct rig rig;
	make(&rig);
	files_make_directory(rig_inbox(&rig, "numbers").text);
	rig_execute(&rig, "UPDATE mdl_course SET idnumber = 'N-1' WHERE shortname = 'C1'");
	drop(&rig, "numbers/x.csv", "username,course1\np1,N-1\n");
	drop(&rig, "staff.csv", "username,course1\np2,C1\np3,N-1\n");
	drop(&rig, "numbers/y.csv", "username,course1\np2,N-1\n");
	static const char *const names[] = {"C1", "N-1"};
	for (size_t i = 0; i < 2; i++) {
		json_t *all = ASK(&rig, "explain", "p1", names[i]);
		expect_rows(all, "x.csv:2 enrolled");
		cr_expect_eq(count(all, "course"), 1);
		const json_t *course = nth(all, "course", 0);
		cr_expect_str_eq(text(course, "course"), "C1");
		cr_expect_str_eq(text(course, "file"), "x.csv");
		cr_expect_str_eq(text(course, "enrolled"), "active");
		cr_expect_str_eq(text(course, "today"), text(course, "said"));
		json_decref(all);
		all = ASK(&rig, "explain", "p2", names[i]);
		expect_rows(all, "staff.csv:2 enrolled|y.csv:2 already_enrolled");
		cr_expect_eq(count(all, "course"), 1);
		cr_expect_str_eq(text(nth(all, "course", 0), "file"), "y.csv");
		json_decref(all);
	}
	/* Of a feed that calls courses by their short names no course is called so. */
	json_t *all = ASK(&rig, "explain", "p3", "N-1");
	expect_rows(all, "staff.csv:3 course_not_found");
	cr_expect_eq(count(all, "course"), 2);
	json_decref(all);
	law_close(&rig);
}

Test(history, explain_leaves_previews_out)
{
	struct rig rig;
	make(&rig);
	three_drop(&rig);
	EXPECT_COUNT(&rig, 3, "runs");
	json_t *all = ASK(&rig, "explain", "p2");
	cr_expect_eq(count(all, "row"), 0);
	json_decref(all);
	law_close(&rig);
}

Test(history, explain_tells_nothing_of_what_a_held_file_would_have_done)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { review: true }\n"});
	drop(&rig, "staff.csv", "username,course1\np1,C1\n");
	json_t *all = ASK(&rig, "explain", "p1");
	cr_expect_eq(count(all, "row"), 0);
	json_decref(all);
	struct path run = rig_order(&rig, "release", "staff.csv");
	rig_once(&rig);
	all = ASK(&rig, "explain", "p1");
	cr_expect_eq(count(all, "row"), 1, "the release of %s did it, and nothing else", run.text);
	json_decref(all);
	law_close(&rig);
}

Test(history, explain_says_which_answers_are_gone_or_altered)
{
	struct rig rig;
	make(&rig);
	drop(&rig, "a.csv", "username,course1\np1,C1\n");
	drop(&rig, "b.csv", "username,course1\np1,C2\n");
	drop(&rig, "c.csv", "username,course1\np1,C3\n");
	struct path gone = answer_file(&rig, run_of(&rig, "a.csv").text, ".result.csv");
	struct path altered = answer_file(&rig, run_of(&rig, "b.csv").text, ".result.csv");
	struct buffer a = files_read(gone.text), b = files_read(altered.text);
	files_remove(gone.text);
	strstr(b.bytes, "C2")[1] = '9';
	files_write(altered.text, b.bytes, b.size, 0640);
	json_t *all = ASK(&rig, "explain", "p1");
	expect_rows(all, "c.csv:2 enrolled");
	cr_expect_str_eq(text(nth(all, "gap", 0), "why"), "missing");
	cr_expect_str_eq(text(nth(all, "gap", 0), "file"), "a.csv");
	cr_expect_str_eq(text(nth(all, "gap", 0), "path"), gone.text);
	cr_expect_str_eq(text(nth(all, "gap", 1), "why"), "altered");
	json_decref(all);
	strstr(b.bytes, "C9")[1] = '2';
	files_write(altered.text, b.bytes, b.size, 0640);
	files_write(gone.text, a.bytes, a.size, 0640);
	buffer_done(&a);
	buffer_done(&b);
	law_close(&rig);
}

/* ---- large answers ---- */

static void large_drop(struct rig *rig, const char *name, const char *last)
{
	struct buffer rows = {0};
	buffer_add_text(&rows, "username,course1,course2\n");
	for (int i = 0; i < 8000; i++)
		buffer_print(&rows, "x%d,C1,C2\n", i);
	buffer_add_text(&rows, last);
	rig_drop_bytes(rig, name, rows.bytes, rows.size);
	buffer_done(&rows);
	rig_once(rig);
}

Test(history, a_large_answer_is_found_by_its_index_which_can_be_made_anew)
{
	struct rig rig;
	make(&rig);
	large_drop(&rig, "large.csv", "p1,C1,C3\n\"=x,\"\"y\",C1,\n");
	struct path run = run_of(&rig, "large.csv");
	struct path index = rig_path(&rig, "index/%s.idx", run.text);
	cr_assert(files_exist(index.text));
	struct buffer written = files_read(index.text);
	for (int round = 0; round < 2; round++) {
		json_t *all = ASK(&rig, "explain", "p1");
		expect_rows(all, "large.csv:8002 enrolled|large.csv:8002 enrolled");
		json_decref(all);
		all = ASK(&rig, "explain", "=x,\"y");
		expect_rows(all, "large.csv:8003 user_not_found|large.csv:8003 row_not_applied");
		json_decref(all);
		all = ASK(&rig, "explain", "x777");
		expect_rows(all, "large.csv:779 user_not_found|large.csv:779 row_not_applied|"
		                 "large.csv:779 row_not_applied");
		json_decref(all);
		struct buffer made = files_read(index.text);
		cr_expect(
		    made.size == written.size && memcmp(made.bytes, written.bytes, made.size) == 0);
		buffer_done(&made);
		files_remove(rig_path(&rig, "index").text);
	}
	buffer_done(&written);
	law_close(&rig);
}

Test(history, a_large_answer_that_was_altered_is_not_believed_for_its_index)
{
	struct rig rig;
	make(&rig);
	large_drop(&rig, "large.csv", "p1,C1,C3\n");
	struct path run = run_of(&rig, "large.csv");
	struct path result = answer_file(&rig, run.text, ".result.csv");
	struct buffer whole = files_read(result.text);
	char *message = strstr(strstr(whole.bytes, "p1,course1"), "done");
	memcpy(message, "none", 4);
	files_write(result.text, whole.bytes, whole.size, 0640);
	struct timespec later[2] = {{.tv_sec = time(NULL) + 5}, {.tv_sec = time(NULL) + 5}};
	cr_assert_eq(utimensat(AT_FDCWD, result.text, later, 0), 0);
	json_t *all = ASK(&rig, "explain", "p1");
	cr_expect_eq(count(all, "row"), 0);
	cr_expect_str_eq(text(nth(all, "gap", 0), "why"), "altered");
	json_decref(all);
	memcpy(message, "done", 4);
	files_write(result.text, whole.bytes, whole.size, 0640);
	all = ASK(&rig, "explain", "p1");
	cr_expect_eq(count(all, "row"), 2);
	json_decref(all);
	buffer_done(&whole);
	law_close(&rig);
}

Test(history, neither_a_preview_nor_a_small_answer_has_an_index)
{
	struct rig rig;
	make(&rig);
	large_drop(&rig, "preview/large.csv", "p1,C1,C3\n");
	drop(&rig, "small.csv", "username,course1\np1,C1\n");
	json_t *all = ASK(&rig, "explain", "p1");
	expect_rows(all, "small.csv:2 enrolled");
	json_decref(all);
	struct listing listing = files_list(rig_path(&rig, "index").text);
	cr_expect_eq(listing.count, 0);
	listing_done(&listing);
	law_close(&rig);
}

/* ---- for eyes ---- */

static void expect_words(const struct rig *rig, const char *said, const char *const *words)
{
	struct finished finished = ask(rig, 0, words, false);
	cr_expect(strstr(finished.out.bytes, said), "%s:\n%s", said, finished.out.bytes);
	for (const char *at = finished.out.bytes; *at; at++)
		cr_expect((unsigned char)*at >= ' ' || *at == '\n', "a control: %x", *at);
	cr_expect_not(strstr(finished.out.bytes, "\u202E"));
	finished_done(&finished);
}

#define EXPECT_WORDS(rig, said, ...)                                                               \
	expect_words((rig), said, ((const char *const[]){__VA_ARGS__, NULL}))

Test(history, tables_end_with_how_things_are_and_show_no_trick_of_a_name)
{
	struct rig rig;
	make(&rig);
	drop(&rig, "st\u202Eaff.csv", "username,course1\np1,C1\n\"a\x1B[31mb\",C1\n\"x\ny\",C1\n");
	drop(&rig, "b.csv", "username,course1\np1,C1\np1,C9x\n");
	EXPECT_WORDS(&rig, "RUN ", "runs");
	EXPECT_WORDS(&rig, "st_aff.csv", "runs");
	EXPECT_WORDS(&rig, "course_not_found", "show", "last");
	EXPECT_WORDS(&rig, "  C1: active as student. b.csv:2 of ", "explain", "p1");
	EXPECT_WORDS(&rig, "left it so.", "explain", "p1", "C1");
	EXPECT_WORDS(&rig, "  C9x: there is no such course. b.csv:3 of ", "explain", "p1");
	EXPECT_WORDS(&rig, "st_aff.csv:2", "explain", "p1");
	rig_execute(&rig, "UPDATE mdl_user_enrolments SET status = 1");
	EXPECT_WORDS(&rig, "something else has changed it since", "explain", "p1", "C1");
	rig_remove(&rig);
}

/* ---- a run that is not over ---- */

/* Some of its rows are written, so that the daemon, told to stop, ends it at a checkpoint. */
static bool has_rows(const struct rig *rig)
{
	struct stat stat_;
	struct listing listing = files_list(rig_path(rig, "work").text);
	bool has = false;
	for (size_t i = 0; i < listing.count; i++) {
		const char *path = listing.entries[i].path;
		has |= text_ends(path, "/result.csv") &&
		       stat(rig_path(rig, "work/%s", path).text, &stat_) == 0 &&
		       stat_.st_size > 1000;
	}
	listing_done(&listing);
	return has;
}

static void stop_in_the_middle(struct rig *rig)
{
	struct service service;
	struct movement movement;
	service_start(&service, rig);
	rig_drop_long(rig, 100);
	service_await_claim(&service, rig);
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (!has_rows(rig) && files_count(rig_path(rig, "outbox").text, ".csv") == 0)
		cr_assert(movement_pause(&movement));
	service_stop(&service);
}

Test(history, a_run_under_way_is_told_as_far_as_its_checkpoints)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.settings = "checkpoint_rows: 1000\n"});
	stop_in_the_middle(&rig);
	int64_t records = rig_number(&rig, "SELECT coalesce(max(records), 0) FROM enrold_run WHERE "
	                                   "state = 'running'");
	cr_assert_gt(records, 0);
	json_t *all = ASK(&rig, "runs", "--status", "running");
	cr_expect_eq(number(nth(all, "run", 0), "rows"), records);
	cr_expect(json_is_null(json_object_get(nth(all, "run", 0), "finished")));
	json_decref(all);
	all = ASK(&rig, "show", "last");
	cr_expect_str_eq(text(nth(all, "run", 0), "status"), "running");
	expect_file(all, "result", "not_checked");
	expect_file(all, "input", "as_recorded");
	cr_expect_eq(count(all, "todo"), 0);
	json_decref(all);
	all = ASK(&rig, "explain", "p1");
	cr_expect_str_eq(text(nth(all, "row", 0), "status"), "running");
	cr_expect_str_eq(text(nth(all, "row", 0), "code"), "enrolled");
	json_decref(all);
	law_holds(&rig, LAW_STOPPED);
	rig_once(&rig);
	all = ASK(&rig, "explain", "p1");
	cr_expect_str_eq(text(nth(all, "row", 0), "status"), "done");
	json_decref(all);
	law_close(&rig);
}

/* It was begun by one process and ended by another, so that no index came with the answer: the
 * daemon makes it when it rests. */
Test(history, an_answer_of_several_lives_gets_its_index_too)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.settings = "checkpoint_rows: 1000\n"});
	stop_in_the_middle(&rig);
	service_start(&service, &rig);
	service_await(&service, &rig, "", 1);
	files_make_directory(rig_path(&rig, "index").text);
	cr_assert(files_await(rig_path(&rig, "index").text, ".idx", 1, service.program.pidfd));
	service_await_idle(&service, &rig);
	service_stop(&service);
	json_t *all = ASK(&rig, "explain", "nobody1");
	cr_expect_eq(count(all, "row"), 2 * 99);
	json_decref(all);
	law_close(&rig);
}

/* The daemon tells the same. */
Test(history, the_daemon_answers_as_enrolctl_does_without_it)
{
	struct rig rig;
	struct service service;
	make(&rig);
	three_drop(&rig);
	json_t *without[] = {
	    ASK(&rig, "show", "last"), ASK(&rig, "explain", "p1"), ASK(&rig, "runs")};
	service_start(&service, &rig);
	json_t *with[] = {ASK(&rig, "show", "last"), ASK(&rig, "explain", "p1"), ASK(&rig, "runs")};
	EXPECT_REFUSED(&rig, "nobody is or was called", "explain", "somebody.else");
	service_stop(&service);
	for (size_t i = 0; i < 3; i++) {
		cr_expect(json_equal(without[i], with[i]));
		json_decref(without[i]);
		json_decref(with[i]);
	}
	law_close(&rig);
}

/* ---- by the row of an enrolment ---- */

static const char *id_of(const struct rig *rig, const char *person)
{
	static char id[32];
	snprintf(id, sizeof id, "%lld",
	    (long long)rig_number(
	        rig, path_of("SELECT ue.id FROM mdl_user_enrolments ue JOIN mdl_user u ON u.id = "
	                     "ue.userid WHERE u.username = '%s'",
	                 person)
	                 .text));
	return id;
}

Test(history, explain_finds_whose_an_enrolment_is_and_which_line_made_it)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "other.csv", "username,course1\np1,C2\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "staff.csv", "username,course1\np2,C1\np3,C1\n");
	json_t *all = ASK(&rig, "explain", "--enrolment", id_of(&rig, "p3"));
	const json_t *row = nth(all, "enrolment", 0);
	cr_assert(row);
	cr_expect_str_eq(text(row, "username"), "p3");
	cr_expect_str_eq(text(row, "course"), "C1");
	cr_expect_str_eq(text(row, "method"), "manual");
	cr_expect_str_eq(text(row, "known_by"), "lms");
	const json_t *made = json_object_get(row, "made_by");
	cr_expect_str_eq(text(made, "run"), reply.run);
	cr_expect_str_eq(text(made, "file"), "staff.csv");
	cr_expect_eq(number(made, "line"), 3);
	cr_expect_eq(count(all, "row"), 1);
	cr_expect_str_eq(text(nth(all, "row", 0), "username"), "p3");
	cr_expect_eq(count(all, "course"), 1);
	json_decref(all);
	struct finished finished =
	    ask(&rig, 0, ARGV("explain", "--enrolment", id_of(&rig, "p3")), false);
	cr_expect(strstr(finished.out.bytes, "staff.csv:3 of feed default made it"), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	/* The daemon says the same. */
	struct service service;
	service_start(&service, &rig);
	all = ASK(&rig, "explain", "--enrolment", id_of(&rig, "p3"));
	cr_expect_str_eq(
	    text(json_object_get(nth(all, "enrolment", 0), "made_by"), "run"), reply.run);
	json_decref(all);
	service_await_log(&service, "about_enrolment");
	service_stop(&service);
	reply_close(&reply);
	law_close(&rig);
}

Test(history, explain_does_not_take_what_a_person_has_done_for_a_files)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "staff.csv", "username,course1\np3,C1\n");
	rig_execute(&rig, "UPDATE mdl_user_enrolments SET timecreated = timecreated - 86400");
	json_t *all = ASK(&rig, "explain", "--enrolment", id_of(&rig, "p3"));
	cr_expect(json_is_null(json_object_get(nth(all, "enrolment", 0), "made_by")));
	json_decref(all);
	reply_close(&reply);
	rig_remove(&rig);
}

Test(history, explain_knows_of_an_enrolment_that_is_gone_by_the_log)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "staff.csv", "username,course1\np3,C1\n");
	const char *id = id_of(&rig, "p3");
	rig_execute(&rig, "DELETE FROM mdl_user_enrolments");
	json_t *all = ASK(&rig, "explain", "--enrolment", id);
	const json_t *row = nth(all, "enrolment", 0);
	cr_assert(row);
	cr_expect(json_is_false(json_object_get(row, "is_there")));
	cr_expect_str_eq(text(row, "known_by"), "log");
	cr_expect_str_eq(text(row, "username"), "p3");
	cr_expect_str_eq(text(row, "course"), "C1");
	cr_expect_eq(number(json_object_get(row, "made_by"), "line"), 2);
	json_decref(all);
	struct finished finished = ask(&rig, 1, ARGV("explain", "--enrolment", "4711"), false);
	cr_expect(strstr(finished.err.bytes, "has no enrolment 4711"), "%s", finished.err.bytes);
	finished_done(&finished);
	finished = ask(&rig, 64, ARGV("explain", "--enrolment", "x"), false);
	finished_done(&finished);
	finished = ask(&rig, 64, ARGV("explain", "p1", "--enrolment", "4"), false);
	finished_done(&finished);
	reply_close(&reply);
	rig_remove(&rig);
}

/* ---- all that there is of a person ---- */

#define CAREFUL                                                                                    \
	"  default: { allow_unenrol: true, removal: unenrol, limits: { by_cell: { count: 1, "      \
	"share: 0%, most: 1 } }, " RIG_MAY_ALL " }\n"

Test(history, explain_names_all_files_and_plans_that_hold_something_of_a_person)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = CAREFUL});
	files_make_directory(rig_inbox(&rig, "preview").text);
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\np2,C1\np3,C1\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,1\n");
	drop(&rig, "preview/c.csv", "username,course1\np1,C2\n");
	drop(&rig, "d.csv", "username,course1\np4,C2\n");
	rig_once(&rig);
	json_t *all = ASK(&rig, "explain", "p1");
	cr_assert_eq(count(all, "named"), 3);
	cr_expect_str_eq(text(nth(all, "named", 0), "file"), "a.csv");
	cr_expect_eq(json_array_size(json_object_get(nth(all, "named", 0), "files")), 3);
	cr_expect_str_eq(text(nth(all, "named", 1), "file"), "b.csv");
	cr_expect_eq(json_array_size(json_object_get(nth(all, "named", 1), "files")), 4);
	cr_expect_str_eq(text(nth(all, "named", 2), "mode"), "preview");
	cr_assert_eq(count(all, "waiting"), 1);
	cr_expect_str_eq(text(nth(all, "waiting", 0), "run"), reply.run);
	cr_expect_eq(number(nth(all, "waiting", 0), "rows"), 1);
	json_decref(all);
	/* Of a course only what bears upon that. */
	all = ASK(&rig, "explain", "p1", "C1");
	cr_expect_eq(count(all, "named") + count(all, "waiting") + count(all, "listed"), 0);
	json_decref(all);
	rig_order(&rig, "decline", "b.csv");
	rig_once(&rig);
	all = ASK(&rig, "explain", "p1");
	cr_expect_eq(count(all, "waiting"), 0);
	json_decref(all);
	reply_close(&reply);
	law_close(&rig);
}
