/* More than a file may do unasked: what is done of it, what waits, where, and how that is said; and
 * what becomes of it by a person's word. Of each limit a file that trips it, and one that is just
 * below. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#define COUNT(items) (sizeof(items) / sizeof *(items))
#define TWO "{ count: 2, share: 0%, most: 0 }"
#define ENROLLED "SELECT count(*) FROM mdl_user_enrolments WHERE status = 0"

/* The numbers are what `sql` says when the file has been done, and then when its plan has been
 * released, or declined. */
static const struct tripping {
	const char *what, *feed, *before, *below, *above, *sql;
	int before_is, below_is, above_is, released_is;
	const char *held_by; /* NULL: the rest is done */
	const char *words;   /* of the refusal, or of the remark */
	int rows, people;    /* of the plan */
	struct expected row; /* that waits */
} trippings[] = {
    {"people whom cells unenrol",
        "allow_unenrol: true, removal: unenrol, limits: { by_cell: " TWO " }",
        "username,course1\np1,C1\np2,C1\np3,C1\np4,C1\n",
        "username,course1,unenrol1\np1,C1,1\np2,C1,1\np5,C1,\n",
        "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,1\np5,C1,\n", ENROLLED, 4, 3, 5, 2,
        NULL, "3 people (75% of 4 people active in its courses) would lose an enrolment", 3, 3,
        {2, "course1", "skipped", "withheld"}},
    {"accounts that are suspended", "allow_suspend: true, limits: { accounts: " TWO " }",
        "username,course1\np1,C1\n", "username,suspended,course1\np1,1,\np2,1,\np5,0,C2\n",
        "username,suspended,course1\np1,1,\np2,1,\np3,1,\np5,0,C2\n",
        "SELECT 10 * (SELECT count(*) FROM mdl_user WHERE suspended = 1) + count(*) FROM "
        "mdl_user_enrolments",
        1, 22, 2, 32, NULL, "3 accounts (", 3, 3, {2, "suspended", "skipped", "withheld"}},
    {"accounts that are made", "upload_type: add, limits: { created: { count: 2, share: 0% } }",
        "username,firstname,lastname,email\nn1,N,O,n1@x.example\n",
        "username,firstname,lastname,email\nn2,N,T,n2@x.example\nn3,N,T,n3@x.example\n",
        "username,firstname,lastname,email\nn2,N,T,n2@x.example\nn3,N,T,n3@x.example\n"
        "n4,N,F,n4@x.example\n",
        "SELECT count(*) FROM mdl_user WHERE email LIKE 'n%@x.example'", 1, 3, 1, 4, "created",
        "3 accounts would be made (300% of 1 person of the last file)", 3, 3,
        {2, "username", "done", "account_created"}},
    {"rows in error", "limits: { errors: { count: 1, share: 0% } }", "username,course1\np1,C1\n",
        "username,course1\nq1,C1\np2,C1\n", "username,course1\nq1,C1\nq2,C1\np2,C1\np3,C1\n",
        ENROLLED, 1, 2, 1, 3, "errors", "2 rows (50% of 4 rows) are in error", 2, 2,
        {4, "course1", "done", "enrolled"}},
    {"fewer rows than the last file", "limits: { rows_of_last: 50% }",
        "username,course1\np1,C1\np2,C1\np3,C1\np4,C1\n", "username,course1\np5,C1\np6,C1\n",
        "username,course1\np5,C1\n", ENROLLED, 4, 6, 4, 5, "rows_of_last",
        "the file has 1 row, the last one had 4", 1, 1, {2, "course1", "done", "enrolled"}},
    {"any file", "review: true", NULL, NULL, "username,course1\np1,C1\np2,C1\n", ENROLLED, 0, 0, 0,
        2, "review", "a person looks at every file of the feed first", 2, 2,
        {2, "course1", "done", "enrolled"}},
};

/* ---- pieces ---- */

static void is_expect(const struct rig *rig, const struct tripping *is, int value)
{
	rig_expect(rig, is->sql, path_of("%d\n", value).text);
}

static void make(struct rig *rig, const struct tripping *is)
{
	struct path feeds = path_of("  default: { %s }\n", is->feed);
	rig_make(rig, &(struct rig_options){.feeds = feeds.text});
	if (!is->before)
		return;
	rig_drop(rig, "before.csv", is->before);
	rig_once(rig);
	is_expect(rig, is, is->before_is);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static const char *remark_of(const struct reply *reply, const char *code)
{
	size_t i;
	json_t *remark;
	json_array_foreach(json_object_get(reply->summary, "remarks"), i, remark)
	{
		if (strcmp(text_of(remark, "code"), code) == 0)
			return text_of(remark, "message");
	}
	return "";
}

/* Whether <place>/staff.R<end> is there. */
static bool lies(
    const struct rig *rig, const char *place, const struct reply *reply, const char *end)
{
	return files_exist(rig_path(rig, "%s/staff.%s%s", place, reply->run, end).text);
}

static void lies_expect(
    const struct rig *rig, const struct reply *reply, const char *input, bool is_open)
{
	const char *run = reply->run;
	struct path day = path_of("archive/%.4s/%.2s/%.2s", run, run + 4, run + 6);
	cr_expect_eq(lies(rig, day.text, reply, ".csv"), strcmp(input, "archive") == 0);
	cr_expect_eq(lies(rig, "held/default", reply, ".csv"), strcmp(input, "held") == 0);
	cr_expect_eq(lies(rig, "quarantine", reply, ".csv"), strcmp(input, "quarantine") == 0);
	cr_expect_eq(
	    lies(rig, "quarantine", reply, ".csv.reason.txt"), strcmp(input, "quarantine") == 0);
	cr_expect_eq(lies(rig, "held/default", reply, ".plan.csv"), is_open);
	cr_expect_eq(lies(rig, "held/default", reply, ".plan.json"), is_open);
}

static void plan_expect(const struct reply *reply, int rows, int people)
{
	const json_t *plan = json_object_get(reply->summary, "plan");
	cr_expect_eq(json_integer_value(json_object_get(plan, "rows")), rows);
	cr_expect_eq(json_integer_value(json_object_get(plan, "people")), people);
}

/* ---- trips ---- */

static void answer_expect(const struct tripping *is, const struct reply *reply)
{
	const json_t *refusal = json_object_get(reply->summary, "refusal");
	const char *said =
	    is->held_by ? text_of(refusal, "message") : remark_of(reply, "changes_withheld");
	cr_expect_str_eq(reply_status(reply), is->held_by ? "held" : "done");
	cr_expect_str_eq(reply_refusal(reply), is->held_by ? is->held_by : "");
	cr_expect(strstr(said, is->words), "%s: %s", is->what, said);
	plan_expect(reply, is->rows, is->people);
	cr_expect_eq(
	    reply_lines(reply, is->row), 1, "%s: %zu rows", is->what, reply_lines(reply, is->row));
	if (!is->held_by)
		cr_expect_eq(reply_lines(reply, (struct expected){0, NULL, "skipped", "withheld"}),
		    (size_t)is->rows);
}

/* Nothing of it waits any more, the answer is as it was, and who said so is in the word's own. */
static void word_expect(const struct rig *rig, const struct tripping *is, struct reply *reply,
    const char *word, bool is_released)
{
	struct reply said;
	struct path name = path_of("%s-%s.csv", is_released ? "release" : "discard", reply->run);
	struct buffer before = files_read(reply->result_path.text);
	rig_order(rig, word, "staff.csv");
	rig_once(rig);
	reply_open(&said, rig, name.text, 0);
	cr_expect_str_eq(reply_status(&said), "done");
	const json_t *order = json_object_get(said.summary, "order");
	cr_expect_str_eq(text_of(order, "by"), "anna");
	cr_expect_str_eq(text_of(order, "why"), "looked at it");
	plan_expect(&said, 0, 0);
	struct buffer after = files_read(reply->result_path.text);
	cr_expect_str_eq(after.bytes, before.bytes);
	const char *input = is_released || !is->held_by ? "archive" : "quarantine";
	lies_expect(rig, reply, input, false);
	is_expect(rig, is, is_released ? is->released_is : is->above_is);
	buffer_done(&after);
	buffer_done(&before);
	reply_close(&said);
}

static size_t *numbers(void)
{
	static size_t numbers[COUNT(trippings)];
	for (size_t i = 0; i < COUNT(trippings); i++)
		numbers[i] = i;
	return numbers;
}

static void trip(const struct tripping *is, const char *word)
{
	struct rig rig;
	struct reply reply;
	bool is_released = strcmp(word, "release") == 0;
	fprintf(stderr, "%s: %s\n", is->what, word);
	make(&rig, is);
	reply_to(&reply, &rig, "staff.csv", is->above);
	answer_expect(is, &reply);
	is_expect(&rig, is, is->above_is);
	lies_expect(&rig, &reply, is->held_by ? "held" : "archive", true);
	word_expect(&rig, is, &reply, word, is_released);
	reply_close(&reply);
	law_close(&rig);
}

ParameterizedTestParameters(limits, hold_what_is_more_until_a_person_releases_it)
{
	return cr_make_param_array(size_t, numbers(), COUNT(trippings));
}

ParameterizedTest(const size_t *number, limits, hold_what_is_more_until_a_person_releases_it)
{
	trip(&trippings[*number], "release");
}

ParameterizedTestParameters(limits, hold_what_is_more_until_a_person_declines_it)
{
	return cr_make_param_array(size_t, numbers(), COUNT(trippings));
}

ParameterizedTest(const size_t *number, limits, hold_what_is_more_until_a_person_declines_it)
{
	trip(&trippings[*number], "decline");
}

/* Nobody can say what the second would do before it is known what becomes of the first. */
Test(limits, keep_the_order_of_a_feed_whose_files_a_person_looks_at)
{
	static const char *const words[] = {"release", "decline", "release"};
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { review: true }\n"});
	for (int i = 1; i <= 3; i++)
		rig_drop(
		    &rig, path_of("%d.csv", i).text, path_of("username,course1\np%d,C1\n", i).text);
	for (int i = 1; i <= 3; i++) {
		rig_once(&rig);
		cr_expect_eq(files_count(rig_path(&rig, "inbox").text, ".csv"), (size_t)(3 - i));
		reply_open(&reply, &rig, path_of("%d.csv", i).text, 0);
		cr_expect_str_eq(reply_status(&reply), "held");
		reply_close(&reply);
		rig_once(&rig);
		cr_expect_eq(files_count(rig_path(&rig, "inbox").text, ".csv"), (size_t)(3 - i));
		rig_order(&rig, words[i - 1], path_of("%d.csv", i).text);
	}
	rig_once(&rig);
	rig_expect(&rig, ENROLLED, "2\n");
	law_close(&rig);
}

/* ---- and do not ---- */

Test(limits, let_pass_what_is_just_below)
{
	for (size_t i = 0; i < COUNT(trippings); i++) {
		const struct tripping *is = &trippings[i];
		struct rig rig;
		struct reply reply;
		if (!is->below)
			continue;
		fprintf(stderr, "%s\n", is->what);
		make(&rig, is);
		reply_to(&reply, &rig, "staff.csv", is->below);
		cr_expect_str_eq(reply_status(&reply), "done", "%s", is->what);
		cr_expect_str_eq(reply_refusal(&reply), "", "%s", is->what);
		cr_expect_str_eq(remark_of(&reply, "changes_withheld"), "", "%s", is->what);
		plan_expect(&reply, 0, 0);
		lies_expect(&rig, &reply, "archive", false);
		is_expect(&rig, is, is->below_is);
		reply_close(&reply);
		law_close(&rig);
	}
}

/* It says that and which, and nothing waits for anybody. */
Test(limits, are_said_by_previews_to_trip)
{
	for (size_t i = 0; i < COUNT(trippings); i++) {
		const struct tripping *is = &trippings[i];
		struct rig rig;
		struct reply reply;
		fprintf(stderr, "%s\n", is->what);
		make(&rig, is);
		reply_to(&reply, &rig, "preview/staff.csv", is->above);
		cr_expect_str_eq(reply_status(&reply), "done", "%s", is->what);
		const char *said = remark_of(&reply, "limit_would_trip");
		cr_expect(strstr(said, is->words), "%s: %s", is->what, said);
		cr_expect(!is->held_by || strstr(said, is->held_by), "%s: %s", is->what, said);
		lies_expect(&rig, &reply, "archive", false);
		is_expect(&rig, is, is->before_is);
		reply_close(&reply);
		law_close(&rig);
	}
}
