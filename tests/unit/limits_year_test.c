/*
 * Whether the limits that a feed has by default let a company work (company.h), and what they stop:
 * by absence_ban and limits_judge, which know nothing but numbers. tests/RESULTS.md shows the
 * tables.
 */
#include "company.h"

#include "enrold/absence.h"
#include "enrold/config.h"
#include "enrold/limits.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(cases) (sizeof(cases) / sizeof *(cases))

enum { YEARS = 20, PEOPLE = 50000 };

/* The feed says that absence acts, and what a file may do; of its limits it says nothing. */
static const char settings[] =
    "spool: /spool\nlms: { url: 'sqlite:/lms' }\nfeeds:\n  hr: { upload_type: add_or_update, "
    "update_details: file, allow_unenrol: true, absence: { action: suspend, scope: feed, accounts: "
    "suspend } }\n";

static struct {
	struct config_file *file;
	const struct policy *policy;
	struct arena *arena;
	struct absence_terms terms;
} world;

static void begin(void)
{
	char path[64];
	int memory = memfd_create("config", MFD_CLOEXEC);
	cr_assert_eq(write(memory, settings, sizeof settings - 1), (long)sizeof settings - 1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
	struct error error = config_load(path, &world.file);
	cr_assert(!is_error(&error), "%s", error.text);
	close(memory);
	world.policy = &config_find_feed(config_get(world.file), "hr")->policy;
	world.arena = arena_create();
	world.terms = (struct absence_terms){.policy = world.policy, .arena = world.arena};
}

static void end(void)
{
	arena_free(world.arena);
	config_free(world.file);
}

/* ---- what stops a file ---- */

struct file {
	uint64_t rows, rows_of_last, people_of_last;
	uint64_t going, absent_accounts, unknown;
	uint64_t by_cell, active, accounts, created;
	struct absence_course course; /* the one of most interest */
	bool is_renamed, is_delta;
};

static const char *judged(const struct file *file)
{
	const struct limits_facts facts = {.rows = file->rows,
	    .rows_of_last = file->rows_of_last,
	    .people_of_last = file->people_of_last,
	    .has_last = true,
	    .is_full = !file->is_delta,
	    .by_cell = file->by_cell,
	    .active = file->active,
	    .accounts = file->accounts,
	    .accounts_of = file->people_of_last,
	    .created = file->created};
	struct limits_verdict verdict = limits_judge(world.policy, &facts, world.arena);
	return verdict.held_by                              ? verdict.held_by
	       : verdict.withholds & 1U << LIMITED_BY_CELL  ? "by_cell"
	       : verdict.withholds & 1U << LIMITED_ACCOUNTS ? "accounts"
	                                                    : NULL;
}

static const char *banned(const struct file *file)
{
	const struct file_shape base = {.name = SLICE("staff-1.csv"), .rows = file->rows_of_last};
	const struct file_shape now = {
	    .name = file->is_renamed ? SLICE("norway.csv") : SLICE("staff-2.csv"),
	    .rows = file->rows};
	const struct absence_doubts doubts = {.unknown_new = file->unknown};
	struct absence_ban ban = absence_ban_file(&world.terms, &base, &now, &doubts);
	struct absence_ban all = absence_ban_all(&world.terms, file->going, file->people_of_last);
	struct absence_ban course = absence_ban_course(&world.terms, &file->course);
	struct absence_ban accounts =
	    absence_ban_accounts(&world.terms, file->absent_accounts, file->people_of_last);
	return ban.code == CODE_OTHER_FILE ? "other_file"
	       : ban.code != CODES         ? "new rows of unknown people"
	       : all.code != CODES         ? "removals"
	       : course.code != CODES      ? "per_course"
	       : accounts.code != CODES    ? "accounts"
	                                   : NULL;
}

/* NULL: nothing does. */
static const char *stopped_by(const struct file *file)
{
	const char *held = judged(file);
	return held || file->is_delta ? held : banned(file);
}

/* ---- a normal night ---- */

struct largest {
	const char *what;
	const struct policy_limit *limit;
	uint64_t nights, count, of;
};

enum { GOING, LEAVING, GONE, CHANGED, TAKEN, HIRED, KINDS };

static void largest_take(struct largest *largest, uint64_t count, uint64_t of)
{
	largest->nights += count > 0;
	if (count == 0 || (largest->of > 0 && count * largest->of <= largest->count * of))
		return;
	largest->count = count;
	largest->of = of;
}

static void night_expect(const struct file *file, int year, int night, const char *what)
{
	const char *stop = stopped_by(file);
	cr_expect_null(stop, "year %d, night %d, %s: stopped by %s", year, night, what, stop);
}

static void night_judge(const struct night *is, int year, int night, struct largest kinds[KINDS])
{
	struct file file = {.rows = is->rows,
	    .rows_of_last = is->rows_of_last,
	    .people_of_last = is->people_of_last,
	    .going = is->going,
	    .absent_accounts = is->absent_accounts,
	    .accounts = is->changed,
	    .created = is->hired};
	const struct file trainings = {.rows = is->taken_back * 3,
	    .people_of_last = is->people_of_last,
	    .by_cell = is->taken_back,
	    .active = is->active,
	    .is_delta = true};
	largest_take(&kinds[GOING], is->going, is->people_of_last);
	largest_take(&kinds[GONE], is->absent_accounts, is->people_of_last);
	largest_take(&kinds[CHANGED], is->changed, is->people_of_last);
	largest_take(&kinds[TAKEN], is->taken_back, is->active);
	largest_take(&kinds[HIRED], is->hired, is->people_of_last);
	night_expect(&file, year, night, "everybody's file");
	for (int d = 0; d < DEPARTMENTS && !stopped_by(&file); d++) {
		file.course = (struct absence_course){
		    .is_named = true, .ours = is->ours[d], .going = is->leaving[d]};
		largest_take(&kinds[LEAVING], is->leaving[d], is->ours[d]);
	}
	night_expect(&file, year, night, "a department's course");
	night_expect(&trainings, year, night, "the trainings' file");
	arena_reset(world.arena);
}

/* Of so many people the limit trips from this number on. */
static uint64_t trips_from(const struct policy_limit *limit, uint64_t of)
{
	uint64_t count = 1;
	while (!limit_trips(limit, count, of))
		count++;
	return count;
}

static void readme_expect(const struct buffer *table)
{
	static char text[1 << 20];
	FILE *file = fopen(SOURCE_DIR "/tests/RESULTS.md", "re");
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	cr_assert_not(table->failed);
	cr_expect(strstr(text, table->bytes), "tests/RESULTS.md has not:\n%s", table->bytes);
}

Test(limits_year, lets_every_night_pass)
{
	begin();
	const struct policy_limits *limits = &world.policy->limits;
	struct largest kinds[KINDS] = {
	    [GOING] = {"people who leave courses, by absence", &limits->removals},
	    [LEAVING] = {"the same in one course", &limits->per_course},
	    [GONE] = {"accounts suspended, by absence", &limits->accounts},
	    [CHANGED] = {"accounts with another address or name", &limits->accounts},
	    [TAKEN] = {"people taken out of courses, by cells", &limits->by_cell},
	    [HIRED] = {"new accounts", &limits->created}};
	for (int year = 0; year < YEARS; year++) {
		struct company company;
		struct night night;
		company_init(&company, (uint64_t)year);
		for (int i = 0; i < NIGHTS; i++) {
			company_sleep(&company, &night);
			night_judge(&night, year, i, kinds);
		}
	}
	struct buffer table = {0};
	buffer_add_text(&table, "| | the night with the largest share | stopped from | limit |\n"
	                        "|---|---|---|---|\n");
	static const char *const names[KINDS] = {
	    "removals", "per_course", "accounts", "accounts", "by_cell", "created"};
	for (size_t i = 0; i < KINDS; i++)
		buffer_print(&table, "| %s | %llu of %llu | %llu | `%s` |\n", kinds[i].what,
		    (unsigned long long)kinds[i].count, (unsigned long long)kinds[i].of,
		    (unsigned long long)trips_from(kinds[i].limit, kinds[i].of), names[i]);
	buffer_add_char(&table, '\0');
	for (size_t i = 0; i < KINDS; i++)
		cr_expect_gt(kinds[i].nights, YEARS * 100, "%s", kinds[i].what);
	readme_expect(&table);
	buffer_done(&table);
	end();
}

/* ---- disasters ---- */

/* What so many people of the file meet. */
static void halve(struct file *file, uint64_t people)
{
	file->rows -= people * ROWS_EACH;
	file->going = file->absent_accounts = people;
}

static void filter(struct file *file, uint64_t people)
{
	halve(file, people);
	file->rows = file->rows_of_last;
}

static void empty_course(struct file *file, uint64_t people)
{
	file->rows -= people;
	file->going = people;
	file->course = (struct absence_course){.ours = people, .going = people};
}

static void confuse_course(struct file *file, uint64_t people)
{
	file->going = people;
	file->course = (struct absence_course){.is_named = true, .ours = 400, .going = people};
}

static void other_file(struct file *file, uint64_t people)
{
	file->going = people;
	file->is_renamed = true;
}

static void outage(struct file *file, uint64_t people)
{
	file->going = people;
	file->unknown = people * ROWS_EACH;
}

static void new_key(struct file *file, uint64_t people)
{
	file->going = file->absent_accounts = file->created = people;
}

static void strangers(struct file *file, uint64_t people)
{
	file->rows += people * ROWS_EACH;
	file->created = people;
}

static void accounts(struct file *file, uint64_t people)
{
	file->accounts = people;
}

static void cells(struct file *file, uint64_t people)
{
	file->by_cell = people;
	file->active = PEOPLE;
}

static void delta_cells(struct file *file, uint64_t people)
{
	*file = (struct file){.rows = people, .by_cell = people, .active = 4000, .is_delta = true};
}

static const struct disaster {
	const char *what;
	void (*strike)(struct file *file, uint64_t people);
	uint64_t usual; /* as it is when it happens */
	const char *usual_stop;
} disasters[] = {
    {"half of the file is missing", halve, PEOPLE / 2, "rows_of_last"},
    {"nothing but the header is there", halve, PEOPLE, "rows_of_last"},
    {"a filter leaves one of twenty sites out, and others have new rows", filter, PEOPLE / 20,
        "removals"},
    {"a course is lost, and all its rows", empty_course, 400, "per_course"},
    {"people of a course of 400 are put into another one", confuse_course, 200, "per_course"},
    {"another feed's file", other_file, 1, "other_file"},
    {"the directory is away: nobody is known", outage, PEOPLE, "new rows of unknown people"},
    {"the key is another one now: all are new, and all are missing", new_key, PEOPLE, "created"},
    {"the people of a company that was bought", strangers, 8000, "created"},
    {"a status is misread, and suspends", accounts, 4000, "accounts"},
    {"every address has a new domain, or none", accounts, PEOPLE, "accounts"},
    {"a column has slipped into `unenrol1`", cells, PEOPLE, "by_cell"},
    {"day and month are exchanged in `enroltimeend1`", cells, 6000, "by_cell"},
    {"the same in a file of changes, of courses of 4,000", delta_cells, 500, "by_cell"},
    /* No disasters, and too much to be done unasked all the same. */
    {"a department is dissolved", empty_course, 400, "per_course"},
    {"the season's people all leave in one night", filter, 4000, "removals"},
};

static struct file normal_file(void)
{
	return (struct file){.rows = PEOPLE * ROWS_EACH,
	    .rows_of_last = PEOPLE * ROWS_EACH,
	    .people_of_last = PEOPLE};
}

static const char *struck(const struct disaster *disaster, uint64_t people)
{
	struct file file = normal_file();
	disaster->strike(&file, people);
	return stopped_by(&file);
}

Test(limits_year, stops_the_disasters)
{
	struct buffer table = {0};
	begin();
	struct file normal = normal_file();
	cr_expect_null(stopped_by(&normal));
	buffer_add_text(&table, "| | people | stopped by | from people |\n|---|---|---|---|\n");
	for (size_t i = 0; i < COUNT(disasters); i++) {
		const struct disaster *is = &disasters[i];
		const char *stop = struck(is, is->usual);
		uint64_t from = 1;
		cr_expect_str_eq(stop ? stop : "nothing", is->usual_stop, "%s", is->what);
		while (from < is->usual && !struck(is, from))
			from++;
		for (uint64_t more = from; more <= is->usual; more += more / 8 + 1)
			cr_expect(
			    struck(is, more), "%s: %d, but not %d", is->what, (int)from, (int)more);
		buffer_print(&table, "| %s | %llu | `%s` | %llu |\n", is->what,
		    (unsigned long long)is->usual, is->usual_stop, (unsigned long long)from);
		arena_reset(world.arena);
	}
	buffer_add_char(&table, '\0');
	readme_expect(&table);
	buffer_done(&table);
	end();
}
