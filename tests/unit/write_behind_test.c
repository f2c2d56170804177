/*
 * What of a large transaction is written, when, and how much together; without a database: the
 * program is linked with --wrap for who would write.
 */
#include "../../src/lms/work.h"
#include "../../src/lms/write_behind.h"

#include "enrold/arena.h"
#include "enrold/buffer.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

/* ---- who writes ---- */

static struct buffer written; /* "5000 5000 ", or whose sessions must look again */
/* A thread begins to write, and goes on when somebody waits for its end. */
static sem_t begun, joins;
static int64_t clock_us, cost_us; /* of one write */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
void __wrap_new_enrolments_write(struct work *work, struct new_enrolment *entries, size_t count);
void __wrap_new_enrolments_audit(
    struct work *work, const struct new_enrolment *entries, size_t count);
void __wrap_people_mark_dirty(struct lms *lms, const int64_t *people, size_t count, int64_t now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, now);
	*now = (struct timespec){clock_us / 1000000, clock_us % 1000000 * 1000};
	return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	sem_post(&joins);
	return __real_pthread_join(thread, result);
}

void __wrap_new_enrolments_write(struct work *work, struct new_enrolment *entries, size_t count)
{
	static _Thread_local bool has_begun;
	(void)work;
	(void)entries;
	if (!has_begun)
		sem_post(&begun);
	while (!has_begun && sem_wait(&joins) != 0)
		;
	has_begun = true;
	clock_us += cost_us;
	buffer_print(&written, "%zu ", count);
}

void __wrap_new_enrolments_audit(
    struct work *work, const struct new_enrolment *entries, size_t count)
{
	(void)work;
	(void)entries;
	(void)count;
}

void __wrap_people_mark_dirty(struct lms *lms, const int64_t *people, size_t count, int64_t now)
{
	(void)lms;
	for (size_t i = 0; i < count; i++)
		buffer_print(&written, "%lld@%lld ", (long long)people[i], (long long)now);
}

/* ---- what is to be written ---- */

enum { TOGETHER = 250, NOW = 1800000000 };

static struct lms lms;

static struct write_behind *begin(int64_t cost)
{
	struct write_behind *write_behind = write_behind_create(&lms);
	cr_assert_not_null(write_behind);
	sem_init(&begun, 0, 0);
	sem_init(&joins, 0, 0);
	cost_us = cost;
	return write_behind;
}

static void expect_written(const char *expected, const char *what)
{
	buffer_add_char(&written, '\0');
	cr_expect_str_eq(written.bytes, expected, "%s: %s", what, written.bytes);
	buffer_clear(&written);
}

static void add(struct write_behind *write_behind, size_t count)
{
	struct change changes[TOGETHER];
	struct enrolment_facts enrolments[TOGETHER];
	struct account_facts people[TOGETHER];
	for (uint32_t i = 0; i < TOGETHER; i++) {
		changes[i] = (struct change){.kind = CHANGE_ENROL, .enrolment = i};
		enrolments[i] = (struct enrolment_facts){.person = i};
		people[i] = (struct account_facts){.id = i};
	}
	for (size_t i = 0; i < count; i += TOGETHER) {
		const struct effects effects = {.changes = changes,
		    .count = TOGETHER,
		    .people = people,
		    .enrolments = enrolments,
		    .now = NOW};
		cr_assert(write_behind_takes(&effects));
		cr_assert(write_behind_add(write_behind, &effects));
	}
}

/* ---- when ---- */

static const struct {
	const char *what;
	bool rehearses;
	size_t added;
	void (*end)(struct write_behind *write_behind);
	const char *written;
} cases[] = {
    {"little is kept", false, 1000, write_behind_join, ""},
    {"until the end", false, 1000, write_behind_finish, "1000 "},
    {"or not written at all", false, 1000, write_behind_drop, ""},
    {"what is enough is written meanwhile", false, 5000, write_behind_join, "5000 "},
    {"and that which came behind it at the end", false, 6000, write_behind_finish, "5000 1000 "},
    {"or not at all", false, 6000, write_behind_drop, "5000 "},
    {"a second writing waits for the first", false, 10000, write_behind_join, "5000 5000 "},
    {"a rehearsal keeps much more", true, 159750, write_behind_drop, ""},
    {"what it is asked for it writes in pieces", true, 12000, write_behind_finish,
        "5000 5000 2000 "},
    {"what is too much it begins to write, until it is dropped", true, 160000, write_behind_drop,
        "5000 "},
    {"or until all is written", true, 160000, write_behind_join,
        "5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 "
        "5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 5000 "},
};

Test(write_behind, writes_what_is_enough_or_asked_for_and_drops_the_rest)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct write_behind *write_behind = begin(0);
		if (cases[i].rehearses)
			write_behind_rehearse(write_behind);
		add(write_behind, cases[i].added);
		if (cases[i].end == write_behind_drop && *cases[i].written)
			sem_wait(&begun);
		cases[i].end(write_behind);
		expect_written(cases[i].written, cases[i].what);
		write_behind_free(write_behind);
		expect_written("", cases[i].what);
	}
}

Test(write_behind, goes_on_after_a_transaction_that_was_dropped)
{
	struct write_behind *write_behind = begin(300000);
	write_behind_rehearse(write_behind);
	add(write_behind, 160000);
	sem_wait(&begun);
	write_behind_drop(write_behind);
	expect_written("5000 ", "the first");
	add(write_behind, 6000);
	write_behind_join(write_behind);
	expect_written("5000 ", "the next, which is no rehearsal");
	write_behind_finish(write_behind);
	expect_written("1000 ", "and its end");
	write_behind_free(write_behind);
}

/* ---- how much together ---- */

static const struct {
	const char *what;
	int64_t cost_us;
	size_t sizes[6];
} paces[] = {
    {"as much as takes long enough", 300000, {5000, 5000, 5000, 5000, 5000, 5000}},
    {"just long enough", 200000, {5000, 5000, 5000, 5000, 5000, 5000}},
    {"just not too long", 450000, {5000, 5000, 5000, 5000, 5000, 5000}},
    {"more and more of what is fast", 199999, {5000, 10000, 20000, 40000, 40000, 40000}},
    {"less and less of what is slow", 450001, {5000, 2500, 1250, 1250, 1250, 1250}},
};

Test(write_behind, tries_out_how_much_takes_how_long)
{
	for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
		struct write_behind *write_behind = begin(paces[i].cost_us);
		for (size_t k = 0; k < 6; k++) {
			char expected[16];
			size_t size = paces[i].sizes[k];
			snprintf(expected, sizeof expected, "%zu ", size);
			add(write_behind, size - TOGETHER);
			write_behind_join(write_behind);
			expect_written("", paces[i].what);
			add(write_behind, TOGETHER);
			write_behind_join(write_behind);
			expect_written(expected, paces[i].what);
		}
		write_behind_free(write_behind);
	}
}

Test(write_behind, makes_nothing_larger_that_was_not_full)
{
	struct write_behind *write_behind = begin(0);
	for (int i = 0; i < 3; i++) {
		add(write_behind, 1000);
		write_behind_finish(write_behind);
		expect_written("1000 ", "not full");
	}
	add(write_behind, 5000);
	write_behind_join(write_behind);
	expect_written("5000 ", "as large as before");
	write_behind_free(write_behind);
}

/* ---- what may wait, and whom it concerns ---- */

static const struct {
	const char *what;
	enum change_kind kind;
	int64_t course; /* 0: somewhere else */
	bool waits;
} kinds[] = {
    {"an enrolment", CHANGE_ENROL, 2, true},
    {"a role in a course", CHANGE_ASSIGN_ROLE, 2, true},
    {"a role elsewhere", CHANGE_ASSIGN_ROLE, 0, false},
    {"a role taken", CHANGE_UNASSIGN_ROLE, 2, false},
    {"other times", CHANGE_ENROLMENT, 2, false},
    {"an account", CHANGE_UPDATE_ACCOUNT, 2, false},
    {"a group", CHANGE_JOIN, 2, false},
};

Test(write_behind, takes_enrolments_and_roles_in_courses_and_nothing_else)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct change changes[] = {
		    {.kind = CHANGE_ENROL}, {.kind = kinds[i].kind, .enrolment = 1}};
		struct enrolment_facts enrolments[] = {{.course = 2}, {.course = kinds[i].course}};
		const struct effects effects = {
		    .changes = changes, .count = 2, .enrolments = enrolments};
		cr_expect_eq(write_behind_takes(&effects), kinds[i].waits, "%s", kinds[i].what);
	}
}

Test(write_behind, has_each_who_got_a_role_look_again_once_and_nobody_else)
{
	static struct account_facts people[] = {{.id = 30}, {.id = 10}, {.id = 20}, {.id = 40}};
	static struct enrolment_facts enrolments[] = {{.person = 0, .user = 30, .context = 5},
	    {.person = 1, .user = 10, .context = 5}, {.person = 0, .user = 30, .context = 6},
	    {.person = 2, .user = 20, .context = 5}, {.person = 3, .user = 40, .context = 5}};
	static const struct change changes[] = {{.kind = CHANGE_ASSIGN_ROLE, .enrolment = 0},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 1},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 2},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 3}, {.kind = CHANGE_ENROL, .enrolment = 4}};
	const struct effects effects = {
	    .changes = changes, .count = 5, .people = people, .enrolments = enrolments, .now = NOW};
	struct write_behind *write_behind = begin(0);
	cr_assert(write_behind_add(write_behind, &effects));
	write_behind_finish(write_behind);
	expect_written("5 ", "all of it");
	write_behind_mark_dirty(write_behind);
	expect_written("10@1800000000 20@1800000000 30@1800000000 ", "by their ids");
	write_behind_mark_dirty(write_behind);
	expect_written("", "it was said");
	cr_assert(write_behind_add(write_behind, &effects));
	write_behind_drop(write_behind);
	write_behind_mark_dirty(write_behind);
	expect_written("", "what was dropped concerns nobody");
	write_behind_free(write_behind);
}
