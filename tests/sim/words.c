#include "words.h"

#include "fatal.h"
#include "fate.h"
#include "process.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTES = 64, TURNS_MAX = 60, SECOND = 1000 * 1000, DEATHS_MAX = 2 };

/* What waits, the newest over the oldest. */
static struct note {
	char run[RUN_ID_SIZE + 1];
	int feed;
	char stem[48], hash[HASH_SIZE]; /* of the file */
	enum nightly_kind kind;
	struct law_people listed;
} notes[NOTES];
static size_t notes_count;

static const char *const feeds[LAW_FEEDS] = {"default", "hr"};

static const struct stored_plan *plan_find(const char *run)
{
	for (size_t i = 0; i < fake_lms_plans(); i++)
		if (strcmp(fake_lms_plan(i)->run.bytes, run) == 0)
			return fake_lms_plan(i);
	return NULL;
}

void words_note(int feed, const struct nightly *file, const struct ledger_run *run)
{
	const struct stored_plan *plan = plan_find(run->run.bytes);
	if (!plan || plan->state != PLAN_OPEN)
		return;
	struct note *note = &notes[notes_count++ % NOTES];
	*note = (struct note){.feed = feed, .kind = file->kind};
	snprintf(note->run, sizeof note->run, "%s", plan->run.bytes);
	snprintf(note->stem, sizeof note->stem, "%.*s", (int)strcspn(file->name, "."), file->name);
	files_hash_bytes(file->text.bytes, file->text.size, note->hash);
	law_listed(&note->listed);
}

/* ---- the plan ---- */

static struct table sheet_read(const struct note *note)
{
	bool is_default = note->feed == 0;
	struct buffer text = files_read(path_of("%s/outbox/%s%s.%s.plan.csv",
	    process.spool_path.text, is_default ? "" : "hr/", note->stem, note->run)
	                                    .text);
	struct table table = table_parse(text.bytes, text.size);
	buffer_done(&text);
	return table;
}

/* The person and the course of a row about an absent one; 0: of his account, -1: of no such. */
static int course_of(const struct table *sheet, size_t row, int *person)
{
	const char *name = table_at(sheet, row, table_column(sheet, "username"));
	const char *target = table_at(sheet, row, table_column(sheet, "target"));
	*person = law_person(name);
	if (strcmp(table_at(sheet, row, table_column(sheet, "column")), "absent") != 0 ||
	    *person == 0)
		return -1;
	int course = law_course(target);
	return strcmp(name, target) == 0 ? 0 : course > 0 ? course : -1;
}

/* course "": all. */
static void approve(const struct note *note, const char *course, struct law_people *approved)
{
	struct table sheet = sheet_read(note);
	memset(approved, 0, sizeof *approved);
	for (size_t row = 1; row < sheet.rows_count; row++) {
		int person, c = course_of(&sheet, row, &person);
		bool is_meant = !*course || (c > 0 && c == law_course(course));
		if (c >= 0 && is_meant)
			approved->has[person][c] = true;
	}
	table_done(&sheet);
}

/* ---- the word ---- */

static struct path order_path(const struct note *note, bool releases)
{
	return path_of("%s/orders/%s.%s", process.spool_path.text, releases ? "release" : "decline",
	    note->run);
}

static void order_write(const struct note *note, bool releases, const char *course)
{
	struct path list = path_of(",\"courses\":[\"%s\"]", course);
	struct path text = path_of("{\"by\":\"p%d\",\"uid\":%d,\"why\":\"seen\",\"at\":1,"
	                           "\"feed\":\"%s\",\"plan\":\"%s\"%s}\n",
	    1 + fate_draw(9), 1000 + fate_draw(9), feeds[note->feed],
	    plan_find(note->run)->sha256.bytes, releases && *course ? list.text : "");
	files_make_directory(path_of("%s/orders", process.spool_path.text).text);
	files_write(order_path(note, releases).text, text.text, strlen(text.text), 0640);
}

/* A plan of which nothing can be done stays open. */
static bool is_under_way(const struct note *note, bool releases)
{
	struct listing work = files_list(path_of("%s/work/n", process.spool_path.text).text);
	bool is = work.count > 0 || files_exist(order_path(note, releases).text);
	listing_done(&work);
	return is;
}

static void carry_out(const struct note *note, bool releases, void (*live)(void), bool is_dangerous,
    struct words_sums *sums)
{
	unsigned long deaths = fate.deaths;
	process.hears = true;
	for (int i = 0; i < TURNS_MAX && is_under_way(note, releases); i++) {
		if (is_dangerous && fate.deaths < deaths + DEATHS_MAX) {
			fate.death = DEATH_KILL;
			fate.dies_in = fate_draw(400);
		}
		process_act(live);
		fate.now_us += 6 * SECOND;
		fate.monotonic_us += 6 * SECOND;
	}
	process.hears = false;
	sums->deaths += fate.deaths - deaths;
	if (is_under_way(note, releases))
		fatal("the word about run %s was not carried out", note->run);
}

static bool is_base(const struct note *note)
{
	struct slice base = fake_lms_base(feeds[note->feed]);
	return base.size > 0 && strstr(base.bytes, note->hash);
}

static void word_give(const struct note *note, void (*live)(void), bool is_dangerous,
    struct words_sums *sums, struct law_sums *law, char said[160])
{
	static struct law_people approved;
	bool releases = fate_draw(4) > 0, is_whole = plan_find(note->run)->is_whole;
	char course[16] = "";
	if (fate_draw(3) == 0)
		snprintf(course, sizeof course, "C%d", 1 + fate_draw(4));
	approve(note, releases ? course : "nowhere", &approved);
	law_look();
	order_write(note, releases, course);
	carry_out(note, releases, live, is_dangerous, sums);
	const struct stored_plan *plan = plan_find(note->run);
	snprintf(said, 160, "run %s of feed %d, %s, is %s %s: state %d", note->run, note->feed,
	    is_whole ? "whole" : "in part", releases ? "released" : "discarded", course,
	    (int)plan->state);
	if (plan->state == PLAN_OPEN && !releases)
		fatal("the word came to nothing: %s", said);
	law_judge_word(note->feed, &approved, releases && is_whole ? &note->listed : NULL, law);
	if (releases && is_base(note))
		law_accept(note->feed, &note->listed, note->kind);
	sums->given[!releases]++;
	sums->left_open += plan->state == PLAN_OPEN;
}

void words_give(void (*live)(void), bool is_dangerous, struct words_sums *sums,
    struct law_sums *law, char said[160])
{
	size_t count = notes_count < NOTES ? notes_count : NOTES;
	*said = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct note *note = &notes[i];
		const struct stored_plan *plan = plan_find(note->run);
		if (plan && plan->state == PLAN_OPEN && fate_draw(3) == 0) {
			word_give(note, live, is_dangerous, sums, law, said);
			return; /* one a day */
		}
	}
}
