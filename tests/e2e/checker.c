/*
 * The law's checker, checked: a checker that cannot fail is worthless. A lawful spool is broken in
 * one place, and the checker has to notice, and to say what.
 */
#include "fatal.h"
#include "law.h"
#include "nightly.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <sys/stat.h>
#include <unistd.h>

static void lawful_make(struct rig *rig)
{
	rig_make(rig, NULL);
	rig_drop(rig, "good.csv", "username,course1,role1\np1,C1,\np1,C2,editingteacher\n");
	rig_drop(rig, "mistaken.csv", "username,course1\nnobody,C1\np2,C1\n");
	rig_drop(rig, "refused.csv", "username,course1\np3,\"C1\n");
	rig_once(rig);
}

static struct path answer_path(const struct rig *rig, const char *name, const char *end)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	struct path path =
	    rig_path(rig, "outbox/%.*s.%s.%s", (int)strcspn(name, "."), name, reply.run, end);
	reply_close(&reply);
	return path;
}

/* The only file below a place whose name ends so. */
static struct path only_path(const struct rig *rig, const char *place, const char *start)
{
	struct path root = rig_path(rig, "%s", place);
	struct listing listing = files_list(root.text);
	for (size_t i = 0; i < listing.count; i++) {
		const char *path = listing.entries[i].path;
		if (!S_ISREG(listing.entries[i].mode) || !text_starts(path_base(path), start))
			continue;
		struct path found = path_of("%s/%s", root.text, path);
		listing_done(&listing);
		return found;
	}
	fatal("nothing in %s starts with %s", root.text, start);
}

/* The first place where `from` stands becomes `to`, of the same length. */
static void content_alter(const struct path *path, const char *from, const char *to)
{
	struct buffer content = files_read(path->text);
	char *at = strstr(content.bytes, from);
	cr_assert(at && strlen(from) == strlen(to), "%s not in %s", from, path->text);
	memcpy(at, to, strlen(to));
	files_write(path->text, content.bytes, content.size, 0640);
	buffer_done(&content);
}

static void summary_rewrite(struct rig *rig)
{
	struct path path = answer_path(rig, "good.csv", "summary.json");
	content_alter(&path, "good.csv", "well.csv");
}

static void summary_remove(struct rig *rig)
{
	files_remove(answer_path(rig, "refused.csv", "summary.json").text);
}

static void result_alter(struct rig *rig)
{
	struct path path = answer_path(rig, "good.csv", "result.csv");
	content_alter(&path, "enrolled", "enriched");
}

static void result_remove(struct rig *rig)
{
	files_remove(answer_path(rig, "good.csv", "result.csv").text);
}

static void retry_alter(struct rig *rig)
{
	struct path path = answer_path(rig, "mistaken.csv", "retry.csv");
	content_alter(&path, "nobody", "nobady");
}

static void answer_add(struct rig *rig)
{
	struct path path = answer_path(rig, "good.csv", "retry.csv");
	files_write(path.text, "x,y\n", 4, 0600);
}

static void archive_alter(struct rig *rig)
{
	struct path path = only_path(rig, "archive", "good.");
	content_alter(&path, "p1", "p2");
}

static void archive_remove(struct rig *rig)
{
	files_remove(only_path(rig, "archive", "good.").text);
}

static void archive_to_inbox(struct rig *rig)
{
	files_rename(only_path(rig, "archive", "good.").text, rig_inbox(rig, "good.csv").text);
}

static void archive_copy_to_inbox(struct rig *rig)
{
	files_copy(only_path(rig, "archive", "good.").text, rig_inbox(rig, "good.csv").text);
}

static void archive_to_quarantine(struct rig *rig)
{
	struct path from = only_path(rig, "archive", "good.");
	struct path to = rig_path(rig, "quarantine/%s", path_base(from.text));
	files_rename(from.text, to.text);
	struct path reason = path_of("%s.reason.txt", to.text);
	files_write(reason.text, "none\n", 5, 0640);
}

static void archive_open_to_all(struct rig *rig)
{
	cr_assert_eq(chmod(only_path(rig, "archive", "good.").text, 0644), 0);
}

static void reason_remove(struct rig *rig)
{
	struct path path = only_path(rig, "quarantine", "refused.");
	if (!text_ends(path.text, ".reason.txt"))
		path = path_of("%s.reason.txt", path_of("%.900s", path.text).text);
	files_remove(path.text);
}

static void temporary_leave(struct rig *rig)
{
	files_write(rig_path(rig, "outbox/.good.tmp").text, "", 0, 0600);
}

static void work_leave(struct rig *rig)
{
	files_make_directory(rig_path(rig, "work/" RIG_NODE "/20260101-000000-000000").text);
}

/* The rest is done to the database. */
static const struct damage {
	void (*inflict)(struct rig *rig);
	const char *sql;
	const char *expected; /* in the report */
} damages[] = {
    {summary_rewrite, NULL, "the ledger holds another summary"},
    {summary_remove, NULL, "has no answer"},
    {result_alter, NULL, "the result in the outbox has hash"},
    {result_remove, NULL, "which is not there"},
    {retry_alter, NULL, "the retry file in the outbox has hash"},
    {answer_add, NULL, "the retry file in the outbox has hash"},
    {archive_alter, NULL, "is nowhere to be found"},
    {archive_remove, NULL, "0 times in the archive"},
    {archive_to_inbox, NULL, "0 times in the archive"},
    {archive_copy_to_inbox, NULL, "is once too often"},
    {archive_to_quarantine, NULL, "is applied, its input is 0 times in the archive, 1 in quar"},
    {archive_open_to_all, NULL, "can be read by everybody"},
    {reason_remove, NULL, "has no reason"},
    {temporary_leave, NULL, "a temporary name is left"},
    {work_leave, NULL, "work is left"},
    {NULL, "DELETE FROM mdl_user_enrolments WHERE id = (SELECT max(id) FROM mdl_user_enrolments)",
        "is said to be enrolled, and is not"},
    {NULL,
        "INSERT INTO mdl_user_enrolments (enrolid, userid)"
        " SELECT max(enrolid), 1 FROM mdl_user_enrolments",
        "is in no answer"},
    {NULL,
        "INSERT INTO mdl_role_assignments (roleid, contextid, userid)"
        " SELECT roleid, contextid, 1 FROM mdl_role_assignments LIMIT 1",
        "is in no answer"},
    {NULL,
        "INSERT INTO mdl_role_assignments (roleid, contextid, userid)"
        " SELECT roleid, contextid, userid FROM mdl_role_assignments LIMIT 1",
        "has role"},
    {NULL, "DELETE FROM mdl_role_assignments", "is status="},
    {NULL, "UPDATE mdl_user_enrolments SET timestart = 77", "timestart=77"},
    {NULL,
        "DELETE FROM mdl_logstore_standard_log"
        " WHERE eventname = '\\core\\event\\user_enrolment_created'",
        "has 0 log rows"},
    {NULL,
        "CREATE TEMP TABLE t AS SELECT * FROM mdl_logstore_standard_log; UPDATE t SET id = NULL;"
        "INSERT INTO mdl_logstore_standard_log SELECT * FROM t",
        "has 2 log rows"},
    {NULL,
        "UPDATE mdl_logstore_standard_log SET eventname = '\\core\\event\\user_enrolment_updated'"
        " WHERE eventname = '\\core\\event\\user_enrolment_created'",
        "updates of enrolments are logged"},
    {NULL, "UPDATE enrold_run SET state = 'refused' WHERE name = 'good.csv'",
        "is refused, its input is 1 times in the archive"},
    {NULL, "UPDATE enrold_run SET state = 'running' WHERE name = 'good.csv'",
        "has a summary, and is running"},
    {NULL, "DELETE FROM enrold_run WHERE name = 'good.csv'", "belongs to no run of the ledger"},
    {NULL, "UPDATE enrold_head SET head = replace(head, substr(head, 1, 1), '_')",
        "the ledger's head is"},
    {NULL,
        "UPDATE enrold_run SET summary = replace(summary, 'good.csv', 'well.csv')"
        " WHERE name = 'good.csv'",
        "the chain is broken"},
};

static void damage_expect(struct rig *rig, const struct damage *damage)
{
	struct law_report report;
	law_holds(rig, LAW_IDLE);
	if (damage->inflict)
		damage->inflict(rig);
	else
		rig_execute(rig, damage->sql);
	cr_assert_gt(
	    law_check(rig, LAW_IDLE, &report), 0, "'%s' was not noticed", damage->expected);
	cr_assert(strstr(report.text.bytes, damage->expected), "wanted '%s', got:\n%s",
	    damage->expected, report.text.bytes);
	law_report_done(&report);
	rig_remove(rig);
}

ParameterizedTestParameters(checker, notices_every_kind_of_damage)
{
	static size_t indexes[sizeof damages / sizeof *damages];
	size_t count = sizeof damages / sizeof *damages;
	for (size_t i = 0; i < count; i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, count);
}

ParameterizedTest(const size_t *index, checker, notices_every_kind_of_damage)
{
	struct rig rig;
	lawful_make(&rig);
	damage_expect(&rig, &damages[*index]);
}

/* The schema forbids it; a checker must not rely on that. */
Test(checker, notices_an_enrolment_that_is_there_twice)
{
	struct rig rig;
	struct law_report report;
	lawful_make(&rig);
	struct buffer index =
	    rig_query(&rig, "SELECT name FROM sqlite_master m WHERE type = 'index'"
	                    " AND tbl_name = 'mdl_user_enrolments' AND sql LIKE '%UNIQUE%'");
	index.bytes[strcspn(index.bytes, "\n")] = '\0';
	char *sql =
	    sqlite3_mprintf("DROP INDEX %Q; INSERT INTO mdl_user_enrolments (enrolid, userid)"
	                    " SELECT enrolid, userid FROM mdl_user_enrolments LIMIT 1",
	        index.bytes);
	rig_execute(&rig, sql);
	cr_assert_gt(law_check(&rig, LAW_IDLE, &report), 0);
	cr_assert(strstr(report.text.bytes, "times in enrol"), "%s", report.text.bytes);
	sqlite3_free(sql);
	buffer_done(&index);
	law_report_done(&report);
	rig_remove(&rig);
}

/* ---- what waits for a person ---- */

/* Three files were held; the first was released, the second discarded, the third waits. */
static void waiting_make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.feeds = "  default: { review: true }\n"});
	rig_drop(rig, "released.csv", "username,course1\np1,C1\np2,C1\n");
	rig_once(rig);
	rig_order(rig, "release", "released.csv");
	rig_drop(rig, "discarded.csv", "username,course1\np3,C1\n");
	rig_once(rig);
	rig_order(rig, "decline", "discarded.csv");
	rig_drop(rig, "waiting.csv", "username,course1\np4,C1\np5,C2\n");
	rig_once(rig);
}

static struct path held_path(const struct rig *rig, const char *end)
{
	struct path answer = answer_path(rig, "waiting.csv", end);
	return rig_path(rig, "held/default/%s", path_base(answer.text));
}

static void sheet_alter(struct rig *rig)
{
	struct path path = held_path(rig, "plan.csv");
	content_alter(&path, "p4", "p6");
}

static void sheet_remove(struct rig *rig)
{
	files_remove(held_path(rig, "plan.csv").text);
}

static void sheet_move(struct rig *rig)
{
	struct path path = held_path(rig, "plan.csv");
	files_make_directory(rig_path(rig, "held/other").text);
	files_rename(path.text, rig_path(rig, "held/other/%s", path_base(path.text)).text);
}

static void card_alter(struct rig *rig)
{
	struct path path = held_path(rig, "plan.json");
	content_alter(&path, "\"default\"", "\"defaalt\"");
}

static void card_remove(struct rig *rig)
{
	files_remove(held_path(rig, "plan.json").text);
}

static void held_input_remove(struct rig *rig)
{
	files_remove(held_path(rig, "csv").text);
}

static void held_input_archive(struct rig *rig)
{
	struct path from = held_path(rig, "csv");
	struct path day = only_path(rig, "archive", "released.");
	*strrchr(day.text, '/') = '\0';
	files_rename(from.text, path_of("%.900s/%.900s", day.text, path_base(from.text)).text);
}

static void plan_alter(struct rig *rig)
{
	struct path path = answer_path(rig, "waiting.csv", "plan.csv");
	content_alter(&path, "p4", "p6");
}

/* As if another row had been shown to whoever released it. */
static void shown_alter(struct rig *rig)
{
	struct path path = answer_path(rig, "released.csv", "plan.csv");
	content_alter(&path, "\n3,", "\n9,");
}

static void order_leave(struct rig *rig)
{
	rig_order(rig, "release", "waiting.csv");
}

static const struct damage waiting_damages[] = {
    {sheet_alter, NULL, "is not the plan that run"},
    {sheet_remove, NULL, "in held/ it is 0 times, its card 1"},
    {sheet_move, NULL, "is not where plans of feed default go"},
    {card_alter, NULL, "is no card of the plan"},
    {card_remove, NULL, "in held/ it is 1 times, its card 0"},
    {held_input_remove, NULL, "0 in quarantine, 0 in held"},
    {held_input_archive, NULL, "is held, its plan open, its input is 1 times in the archive"},
    {plan_alter, NULL, "the plan in the outbox has hash"},
    {shown_alter, NULL, "did what was not in the plan: line 3, p2, course1"},
    {order_leave, NULL, "was not carried out"},
    {NULL, "DELETE FROM enrold_plan WHERE state = 'open'", "held, has no row of its plan"},
    {NULL, "UPDATE enrold_plan SET state = 'superseded' WHERE state = 'open'",
        "is left, the plan is superseded"},
    {NULL, "UPDATE enrold_plan SET state = 'open', closed_by = '' WHERE state = 'released'",
        "is open; in held/ it is 0 times"},
    {NULL, "UPDATE enrold_plan SET state = 'open' WHERE state = 'discarded'",
        "is open, and closed by run"},
    {NULL,
        "UPDATE enrold_plan SET closed_by = (SELECT closed_by FROM enrold_plan WHERE state = "
        "'discarded') WHERE state = 'released'",
        "which does not say so"},
    {NULL, "UPDATE enrold_plan SET source = 'nobody' WHERE state = 'open'",
        "is about the input of run 'nobody'"},
    {NULL, "UPDATE enrold_plan SET feed = 'other' WHERE state = 'open'",
        "is not that of the ledger"},
};

ParameterizedTestParameters(checker, notices_damage_to_what_waits)
{
	static size_t indexes[sizeof waiting_damages / sizeof *waiting_damages];
	size_t count = sizeof waiting_damages / sizeof *waiting_damages;
	for (size_t i = 0; i < count; i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, count);
}

ParameterizedTest(const size_t *index, checker, notices_damage_to_what_waits)
{
	struct rig rig;
	waiting_make(&rig);
	damage_expect(&rig, &waiting_damages[*index]);
}

/* ---- the absent ---- */

/* Of an answer about the absent a piece is put for another of the same length. */
static const struct untruth {
	const char *file, *from, *to, *expected;
} untruths[] = {
    {"staff-1.csv", ",p50,course1", ",p60,course1", "never listed there by feed default"},
    {"staff-2.csv", ",p49,course1", ",p50,course1", "listed there by the same file"},
    {"staff-2.csv", "0,p50,absent", "9,p50,absent", "is out of order or short"},
    {"staff-2.csv", "status=1;", "status=0;", "updates of enrolments are logged"},
};

Test(checker, notices_untruths_about_the_absent)
{
	for (size_t i = 0; i < sizeof untruths / sizeof *untruths; i++) {
		struct nightly nightly;
		struct law_report report;
		nightly_make(&nightly, "  default: { absence: { action: suspend } }\n");
		nightly_send(&nightly, "staff-1.csv", "1-50:C1");
		nightly_send(&nightly, "staff-2.csv", "1-49:C1");
		law_holds(&nightly.rig, LAW_IDLE);
		struct path path = answer_path(&nightly.rig, untruths[i].file, "result.csv");
		content_alter(&path, untruths[i].from, untruths[i].to);
		cr_assert_gt(law_check(&nightly.rig, LAW_IDLE, &report), 0);
		cr_assert(strstr(report.text.bytes, untruths[i].expected), "wanted '%s', got:\n%s",
		    untruths[i].expected, report.text.bytes);
		law_report_done(&report);
		nightly_leave(&nightly);
	}
}
