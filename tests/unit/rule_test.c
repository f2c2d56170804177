/* Whether a notice is told: tables of what happens to a feed day by day, and what its people hear.
 */
#include "../../src/notify/rule.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define DAY INT64_C(86400)
#define START INT64_C(1764000000)
#define ALL (TELL_BIT(TELLS) - 1)

static struct told told;

static void setup(void)
{
	told = (struct told){0};
}

TestSuite(rule, .init = setup);

static bool apply(const struct notice *notice, unsigned on, struct telling *telling)
{
	return rule_apply(&told, notice, on, notice->at_us / 1000000, telling);
}

enum what {
	CLEAN,    /* an accepted file without errors */
	ERRORS,   /* accepted, with the causes of `word`, a letter each */
	REFUSED,  /* code `word`, line `number` */
	HELD,     /* as a whole, code `word`, `number` people */
	RETRY,    /* the retry file of step `number`, with the causes of `word` */
	WITHHELD, /* accepted, with a plan, code `word`, `number` people */
	RELEASED, /* a run that does a part, the plan of step `number` */
	UNDONE,   /* one that takes step `number` back */
	PREVIEW,  /* refused */
	LATE,
	STALE,
	ON_TIME,
	DUE,
	LOOK, /* time has passed; cards of the steps in `word` lie there */
};

struct step {
	int day;
	enum what what;
	const char *word;
	uint64_t number;
	const char *heard; /* "errors held over:refused", "": nothing */
};

static const char *run_of(size_t step)
{
	static char runs[32][RUN_ID_SIZE + 1];
	snprintf(runs[step], sizeof runs[step], "20261101-0000%02zu-000000", step);
	return runs[step];
}

static const char *heard_format(const struct telling *telling)
{
	static char text[200];
	size_t size = 0;
	*text = '\0';
	for (enum tell tell = 0; tell < TELLS; tell++)
		if (telling->tells & TELL_BIT(tell))
			size += (size_t)snprintf(text + size, sizeof text - size, "%s%s",
			    size ? " " : "", tell_name(tell));
	for (enum trouble trouble = 0; trouble < TROUBLES; trouble++)
		if (telling->over & TELL_BIT(trouble))
			size += (size_t)snprintf(
			    text + size, sizeof text - size, " over:%s", trouble_name(trouble));
	return text;
}

static struct notice notice_of(const struct step *step, size_t index, struct notice_cause *causes)
{
	static char ids[32][NOTICE_ID_MAX];
	snprintf(ids[index], sizeof ids[index], "id-%zu", index);
	struct notice notice = {.id = ids[index],
	    .feed = "hr",
	    .node = "n",
	    .at_us = (START + step->day * DAY) * 1000000,
	    .run = run_of(index),
	    .file = "staff.csv",
	    .mode = step->what == PREVIEW ? "preview" : "apply",
	    .status = "done",
	    .is_accepted = step->what <= ERRORS || step->what == WITHHELD,
	    .rows = 300,
	    .causes = causes};
	if (step->what == RETRY)
		notice.origin = run_of(step->number);
	switch (step->what) {
	case RETRY:
	case ERRORS:
		for (const char *letter = step->word; *letter; letter++)
			causes[notice.causes_count++] = (struct notice_cause){"error",
			    *letter == 'u' ? "user_not_found" : "course_not_found",
			    *letter == 'r' ? "role" : "course", 12, 7, NULL, 0};
		break;
	case PREVIEW:
	case REFUSED:
		notice.status = "refused";
		notice.code = step->word;
		notice.line = step->number;
		break;
	case HELD:
	case WITHHELD:
		notice.status = step->what == HELD ? "held" : "done";
		notice.code = step->word;
		notice.plan_rows = notice.plan_people = step->number;
		break;
	case RELEASED:
	case UNDONE:
		notice.order_verb = step->what == UNDONE ? "undo" : "release";
		notice.order_of = run_of(step->number);
		break;
	case LATE: notice.kind = NOTICE_LATE; break;
	case STALE: notice.kind = NOTICE_STALE; break;
	case ON_TIME: notice.kind = NOTICE_ON_TIME; break;
	case DUE: notice.kind = NOTICE_DUE; break;
	case CLEAN:
	case LOOK: break;
	}
	return notice;
}

static bool look(const struct step *step, unsigned on, struct telling *telling)
{
	const char *open[8];
	size_t count = 0;
	for (const char *digit = step->word; *digit; digit++)
		open[count++] = run_of((size_t)(*digit - '0'));
	return rule_look(&told, "hr", open, count, on, START + step->day * DAY, telling);
}

static void play_on(const struct step *steps, size_t count, unsigned on)
{
	for (size_t i = 0; i < count; i++) {
		struct notice_cause causes[8];
		struct telling telling;
		struct notice notice = notice_of(&steps[i], i, causes);
		bool is_told = steps[i].what == LOOK ? look(&steps[i], on, &telling)
		                                     : apply(&notice, on, &telling);
		cr_expect_str_eq(heard_format(&telling), steps[i].heard, "step %zu", i);
		cr_expect_eq(is_told, *steps[i].heard != '\0', "step %zu", i);
	}
}

#define PLAY(on, ...)                                                                              \
	do {                                                                                       \
		static const struct step steps[] = {__VA_ARGS__};                                  \
		play_on(steps, sizeof steps / sizeof *steps, on);                                  \
	} while (0)
#define BUT_SUCCESS (ALL & ~TELL_BIT(TELL_SUCCESS))

Test(rule, tells_causes_that_are_new_and_all_of_them_weekly)
{
	PLAY(BUT_SUCCESS, {0, ERRORS, "u", 0, "errors"}, {1, ERRORS, "u", 0, ""},
	    {2, ERRORS, "uc", 0, "errors"}, {3, ERRORS, "c", 0, ""}, {4, ERRORS, "uc", 0, "errors"},
	    {5, ERRORS, "ucr", 0, "errors"}, {11, ERRORS, "ucr", 0, ""},
	    {12, ERRORS, "ucr", 0, "errors"}, {13, CLEAN, "", 0, "recovered over:errors"},
	    {14, CLEAN, "", 0, ""}, {15, ERRORS, "u", 0, "errors"});
}

Test(rule, tells_that_what_was_in_error_has_been_corrected)
{
	PLAY(BUT_SUCCESS, {0, ERRORS, "uc", 0, "errors"}, {0, RETRY, "u", 0, ""},
	    {0, RETRY, "", 0, ""}, {0, RETRY, "", 1, "recovered over:errors"},
	    {1, ERRORS, "u", 0, "errors"}, {2, ERRORS, "uc", 0, "errors"}, {2, RETRY, "", 4, ""},
	    {2, RETRY, "r", 5, "errors"}, {2, RETRY, "", 7, "recovered over:errors"});
}

Test(rule, tells_each_refused_file_but_the_same_reason_daily)
{
	PLAY(BUT_SUCCESS, {0, REFUSED, "not_utf8", 3, "refused"}, {0, REFUSED, "not_utf8", 3, ""},
	    {0, REFUSED, "not_utf8", 4, "refused"}, {1, REFUSED, "not_utf8", 4, "refused"},
	    {1, REFUSED, "header", 1, "refused"}, {2, CLEAN, "", 0, "recovered over:refused"},
	    {2, REFUSED, "header", 1, "refused"});
}

Test(rule, tells_a_plan_for_the_same_reason_once_and_weekly)
{
	PLAY(BUT_SUCCESS, {0, WITHHELD, "removals", 10, "held"}, {1, WITHHELD, "removals", 11, ""},
	    {2, WITHHELD, "removals", 21, "held"}, {3, HELD, "created", 5, "held"},
	    {10, WITHHELD, "removals", 11, "held"});
}

Test(rule, tells_when_no_plan_waits_any_more)
{
	PLAY(BUT_SUCCESS, {0, HELD, "created", 10, "held"}, {1, HELD, "errors", 11, "held"},
	    {2, UNDONE, "", 1, ""}, {2, RELEASED, "", 0, ""},
	    {3, RELEASED, "", 1, "recovered over:held"}, {4, HELD, "created", 10, "held"},
	    {5, LOOK, "", 0, "recovered over:held"}, {5, LOOK, "", 0, ""});
}

Test(rule, believes_a_card_that_is_not_there_yet)
{
	PLAY(BUT_SUCCESS, {0, HELD, "created", 10, "held"}, {0, LOOK, "", 0, ""},
	    {1, LOOK, "0", 0, ""}, {1, LOOK, "", 0, "recovered over:held"});
}

Test(rule, reminds_weekly_of_what_no_file_ends)
{
	PLAY(BUT_SUCCESS, {0, HELD, "created", 10, "held"}, {1, REFUSED, "header", 1, "refused"},
	    {2, LATE, "", 0, "late"}, {6, LOOK, "0", 0, ""}, {7, LOOK, "0", 0, "held"},
	    {7, LOOK, "0", 0, ""}, {9, LOOK, "0", 0, "refused late"}, {14, LOOK, "0", 0, "held"},
	    {16, LOOK, "", 0, "refused late recovered over:held"});
}

Test(rule, tells_the_end_of_one_trouble_with_the_beginning_of_another)
{
	PLAY(BUT_SUCCESS, {0, REFUSED, "header", 1, "refused"},
	    {1, ERRORS, "u", 0, "errors recovered over:refused"},
	    {2, WITHHELD, "removals", 3, "held recovered over:errors"});
}

Test(rule, tells_late_once_and_when_that_is_over)
{
	PLAY(BUT_SUCCESS, {0, LATE, "", 0, "late"}, {1, LATE, "", 0, ""},
	    {2, CLEAN, "", 0, "recovered over:late"}, {2, ON_TIME, "", 0, ""},
	    {3, STALE, "", 0, "late"}, {4, CLEAN, "", 0, ""},
	    {5, ON_TIME, "", 0, "recovered over:late"});
}

Test(rule, tells_each_due_and_each_success)
{
	PLAY(ALL, {0, DUE, "", 0, "due"}, {1, CLEAN, "", 0, "success"}, {1, DUE, "", 0, "due"},
	    {2, ERRORS, "u", 0, "errors success"},
	    {3, CLEAN, "", 0, "recovered success over:errors"});
}

Test(rule, tells_nothing_of_previews_and_of_orders_runs)
{
	PLAY(ALL, {0, PREVIEW, "header", 1, ""}, {1, RELEASED, "", 0, ""});
}

Test(rule, tells_no_end_of_what_was_not_told)
{
	PLAY(TELL_BIT(TELL_RECOVERED) | TELL_BIT(TELL_LATE), {0, REFUSED, "header", 1, ""},
	    {0, HELD, "created", 10, ""}, {1, ERRORS, "u", 0, ""}, {2, CLEAN, "", 0, ""},
	    {9, LOOK, "", 0, ""});
	setup();
	PLAY(TELL_BIT(TELL_ERRORS), {0, ERRORS, "u", 0, "errors"}, {1, CLEAN, "", 0, ""});
}

Test(rule, tells_what_lasts_when_it_is_asked_for_later)
{
	PLAY(0, {0, ERRORS, "u", 0, ""});
	PLAY(BUT_SUCCESS, {1, CLEAN, "", 0, ""});
	setup();
	struct notice_cause cause = {"error", "user_not_found", "course", 1, 2, NULL, 0};
	struct notice notice = {.id = "a",
	    .feed = "hr",
	    .mode = "apply",
	    .status = "done",
	    .is_accepted = true,
	    .causes = &cause,
	    .causes_count = 1,
	    .at_us = START * 1000000};
	struct telling telling;
	cr_expect_not(apply(&notice, 0, &telling));
	notice.id = "b";
	cr_expect(apply(&notice, ALL & ~TELL_BIT(TELL_SUCCESS), &telling));
	cr_expect_eq(telling.tells, TELL_BIT(TELL_ERRORS));
	cr_expect_eq(telling.new_causes, 0, "it is known, if not told");
}

Test(rule, settles_a_notice_once_though_it_comes_again)
{
	struct telling telling;
	struct notice notice = {
	    .id = "late-hr-1", .kind = NOTICE_DUE, .feed = "hr", .at_us = START * 1000000};
	cr_expect(apply(&notice, ALL, &telling));
	cr_expect_str_eq(telling.key, "late-hr-1.due");
	cr_expect_not(apply(&notice, ALL, &telling));
	for (int i = 0; i < TOLD_SEEN_MAX; i++) {
		char id[20];
		snprintf(id, sizeof id, "other-%d", i);
		told_see(&told, id);
	}
	cr_expect_not(told_has_seen(&told, "late-hr-1"));
	cr_expect(told_has_seen(&told, "other-0"));
}

static struct telling refuse(const char *id, const char *code, int64_t day)
{
	struct telling telling;
	struct notice notice = {.id = id,
	    .feed = "hr",
	    .run = id,
	    .file = "a.csv",
	    .mode = "apply",
	    .status = "refused",
	    .code = code,
	    .at_us = (START + day * DAY) * 1000000};
	cr_assert(apply(&notice, ALL, &telling));
	return telling;
}

Test(rule, makes_a_thread_of_each_trouble)
{
	struct telling first = refuse("1", "header", 0), second = refuse("2", "not_utf8", 0);
	cr_expect_str_eq(first.key, "1.refused");
	cr_expect_str_eq(first.thread, "");
	cr_expect_str_eq(second.thread, "1.refused");
	struct notice notice = {.id = "3",
	    .feed = "hr",
	    .run = "3",
	    .mode = "apply",
	    .status = "done",
	    .is_accepted = true,
	    .at_us = (START + DAY) * 1000000};
	cr_assert(apply(&notice, BUT_SUCCESS, &second));
	cr_expect_str_eq(second.key, "3.recovered");
	cr_expect_str_eq(second.thread, "1.refused");
	first = refuse("4", "header", 2);
	cr_expect_str_eq(first.thread, "", "that one is over");
}

Test(rule, names_a_reminder_alike_when_it_is_made_again)
{
	struct telling first, again;
	refuse("1", "header", 0);
	struct told before = told;
	cr_assert(rule_look(&told, "hr", NULL, 0, ALL, START + 8 * DAY, &first));
	told = before;
	cr_assert(rule_look(&told, "hr", NULL, 0, ALL, START + 8 * DAY + 300, &again));
	cr_expect_str_eq(first.key, again.key);
	cr_expect(again.is_reminder);
	cr_assert(rule_look(&told, "hr", NULL, 0, ALL, START + 16 * DAY, &again));
	cr_expect_str_neq(first.key, again.key);
}

Test(rule, keeps_what_was_told_as_text)
{
	struct buffer text = {0}, again = {0};
	struct told read;
	PLAY(ALL, {0, LATE, "", 0, "late"}, {1, HELD, "created", 10, "held"},
	    {1, REFUSED, "header", 1, "refused"},
	    {2, WITHHELD, "removals", 3, "held recovered success over:refused over:late"},
	    {3, ERRORS, "uc", 0, "errors success"}, {3, REFUSED, "not_utf8", 9, "refused"});
	told_format(&told, &text);
	struct error error = told_parse(buffer_slice(&text), &read);
	cr_assert(!is_error(&error), "%s", error.text);
	told_format(&read, &again);
	cr_expect_eq(text.size, again.size);
	cr_expect_arr_eq(text.bytes, again.bytes, text.size);
	cr_expect(told_has(&read, TROUBLE_ERRORS) && told_has(&read, TROUBLE_HELD) &&
	          told_has(&read, TROUBLE_REFUSED) && !told_has(&read, TROUBLE_LATE));
	buffer_done(&text);
	buffer_done(&again);
}

Test(rule, begins_anew_where_that_text_is_none)
{
	static const char *const texts[] = {"", "{", "[]", "{\"v\":2}", "{\"v\":\"1\"}"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		told.seen_count = 3;
		struct error error = told_parse(slice_of(texts[i]), &told);
		cr_expect_eq(error.class, ERROR_REJECT);
		cr_expect_eq(told.seen_count, 0);
	}
	struct error error = told_parse(
	    SLICE("{\"v\":1,\"problems\":[3],\"plans\":{},\"threads\":[null],\"seen\":[1]}"),
	    &told);
	cr_expect(!is_error(&error));
	cr_expect_eq(told.problems_count, 1);
	cr_expect_eq(told.seen_count, 1);
}

Test(rule, reminds_nobody_of_what_has_just_been_sent)
{
	struct telling telling;
	struct notice notice = {.id = "1",
	    .feed = "hr",
	    .run = "1",
	    .file = "a.csv",
	    .mode = "apply",
	    .status = "refused",
	    .code = "header",
	    .at_us = START * 1000000};
	const int64_t now_s = START + 30 * DAY;
	cr_assert(rule_apply(&told, &notice, ALL, now_s, &telling));
	cr_expect_not(rule_look(&told, "hr", NULL, 0, ALL, now_s, &telling));
	cr_expect(rule_look(&told, "hr", NULL, 0, ALL, now_s + 7 * DAY, &telling));
}

/* Of the same file, refused each time; what is told is noted so many seconds behind. */
static bool refuse_at(const char *id, int64_t at_s, int64_t behind_s)
{
	struct telling telling;
	struct notice notice = {.id = id,
	    .feed = "hr",
	    .run = id,
	    .file = "a.csv",
	    .mode = "apply",
	    .status = "refused",
	    .code = "header",
	    .at_us = at_s * 1000000};
	return rule_apply(&told, &notice, ALL, at_s + behind_s, &telling);
}

Test(rule, is_daily_for_a_file_that_comes_at_the_same_hour_each_night)
{
	cr_expect(refuse_at("1", START, 40));
	cr_expect(refuse_at("2", START + DAY - 5, 3), "a bit earlier than the mail of yesterday");
	cr_expect_not(refuse_at("3", START + DAY + 3600, 3));
	cr_expect(refuse_at("4", START + 2 * DAY - 3600, 3), "clocks were put forward");
}

Test(rule, is_weekly_for_a_feed_that_comes_once_a_week)
{
	struct telling telling;
	struct notice_cause cause = {"error", "user_not_found", "course", 1, 2, NULL, 0};
	struct notice notice = {.feed = "hr",
	    .mode = "apply",
	    .status = "done",
	    .is_accepted = true,
	    .causes = &cause,
	    .causes_count = 1};
	static const char *const ids[] = {"1", "2", "3"};
	for (int week = 0; week < 3; week++) {
		notice.id = ids[week];
		notice.at_us = (START + week * 7 * DAY) * 1000000;
		cr_expect(rule_apply(&told, &notice, TELL_BIT(TELL_ERRORS),
		              START + week * 7 * DAY + 30, &telling),
		    "week %d", week);
	}
}

Test(rule, is_not_silent_when_the_clock_was_set_back)
{
	struct telling telling;
	cr_expect(refuse_at("1", START + 3650 * DAY, 0));
	cr_expect(rule_look(&told, "hr", NULL, 0, ALL, START, &telling), "years before");
	cr_expect_eq(telling.tells, TELL_BIT(TELL_REFUSED));
	cr_expect_not(rule_look(&told, "hr", NULL, 0, ALL, START + DAY, &telling), "once");
	told.refusal.told_s = START + 3650 * DAY;
	cr_expect(refuse_at("2", START + DAY, 0));
	cr_expect_not(refuse_at("3", START + DAY + 60, 0));
}
