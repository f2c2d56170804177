#include "fake_state.h"

#include "fate.h"

#include "enrold/active.h"
#include "enrold/columns.h"
#include "enrold/leaver.h"
#include "enrold/persons.h"
#include "enrold/plan_details.h"
#include "enrold/plan_sheet.h"
#include "enrold/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_PERSON = 100,
	FIRST_COURSE = 1000,
	CELLS = (FAKE_PEOPLE_MAX + 1) * (FAKE_COURSES_MAX + 1)
};

static struct fake_state committed, working, saved;
static bool is_open;   /* a transaction */
static bool is_broken; /* the connection */

struct lms {
	struct site_facts site;
};

struct error fake_step(const char *what)
{
	if (fate.is_away)
		return error_retry("the database is away: %s", what);
	if (is_broken)
		return error_retry("the connection is gone: %s", what);
	return fate_step() ? error_retry("the database is in trouble: %s", what) : OK;
}

struct fake_state *fake_now(void)
{
	return is_open ? &working : &committed;
}

struct fake_state *fake_committed(void)
{
	return &committed;
}

struct fake_state *fake_working(void)
{
	return &working;
}

/* Only what is used of its long lists. */
static void state_copy(struct fake_state *to, const struct fake_state *from)
{
	memcpy(to->runs, from->runs, from->runs_count * sizeof *from->runs);
	memcpy(to->plans, from->plans, from->plans_count * sizeof *from->plans);
	to->plans_count = from->plans_count;
	memcpy(to->listings, from->listings, from->listings_count * sizeof *from->listings);
	to->runs_count = from->runs_count;
	to->listings_count = from->listings_count;
	memcpy(to->feeds, from->feeds, sizeof *to - offsetof(struct fake_state, feeds));
}

void fake_lms_make(int people, int courses)
{
	committed.people_count = people;
	committed.courses_count = courses;
	for (int i = 1; i <= people; i++)
		snprintf(
		    committed.people[i].username, sizeof committed.people[i].username, "p%d", i);
	for (int i = 1; i <= courses; i++)
		committed.courses[i].id = fake_lms_new_course(i);
}

/* ---- connection and transaction ---- */

struct error site_upgrade(const struct lms_options *options, bool *is_upgraded)
{
	*is_upgraded = false;
	return OK;
}

struct error lms_open(const struct lms_options *options, struct lms **result)
{
	is_broken = false;
	struct error error = fake_step("opening");
	if (!is_error(&error)) {
		*result = calloc(1, sizeof **result);
		if (!*result)
			abort();
	}
	return error;
}

struct error lms_open_known(const struct lms_options *options, struct lms **result)
{
	return lms_open(options, result);
}

void lms_close(struct lms *lms)
{
	if (lms)
		is_open = false;
	free(lms);
}

bool lms_is_alive(struct lms *lms)
{
	return true;
}

void lms_rest(struct lms *lms)
{
}

void fake_lms_abandon(void)
{
	is_open = false;
}

void fake_lms_back_up(void)
{
	state_copy(&saved, &committed);
}

void fake_lms_put_back(bool breaks)
{
	state_copy(&committed, &saved);
	is_open = false;
	is_broken = breaks;
}

struct error lms_prefetch(struct lms *lms, uint64_t people)
{
	return OK;
}

struct error lms_prefetch_spellings(struct lms *lms, uint64_t people)
{
	return OK;
}

void lms_rehearse(struct lms *lms)
{
}

struct error lms_flush(struct lms *lms)
{
	return OK;
}

struct error lms_begin(struct lms *lms)
{
	struct error error = fake_step("begin");
	if (is_error(&error))
		return error;
	state_copy(&working, &committed);
	is_open = true;
	return OK;
}

struct error lms_commit(struct lms *lms)
{
	struct error before = fake_step("commit");
	if (is_error(&before))
		return before;
	if (!is_open)
		return error_retry("no transaction");
	state_copy(&committed, &working);
	is_open = false;
	return fake_step("the answer to a commit");
}

void lms_rollback(struct lms *lms)
{
	is_open = false;
}

bool lms_is_polled(const struct lms *lms)
{
	return false;
}

bool lms_is_awaited(struct lms *lms)
{
	return fate_draw(2);
}

/* ---- facts ---- */

static const struct role_facts roles[] = {
    {FAKE_TEACHER, {"teacher", 7}, {"teacher", 7}, true, false, false},
    {FAKE_STUDENT, {"student", 7}, {"student", 7}, true, false, false},
};

static const int64_t admins[] = {2};

struct error lms_check_site(struct lms *lms, bool is_preview)
{
	return fake_step("its version");
}

struct error lms_recheck_site(struct lms *lms, bool is_preview)
{
	return lms_check_site(lms, is_preview);
}

struct error lms_load_site(struct lms *lms, const struct site_facts **site)
{
	lms->site = (struct site_facts){.local_host = 1,
	    .actor = 2,
	    .guest = 1,
	    .admins = admins,
	    .admins_count = 1,
	    .session_timeout = 28800,
	    .system_context = 1,
	    .manual_enabled = true,
	    .timezone = "99",
	    .auths = SLICE("manual"),
	    .roles = roles,
	    .roles_count = 2};
	*site = &lms->site;
	return fake_step("the site");
}

struct error lms_ask_clock(struct lms *lms, int64_t *epoch_us)
{
	*epoch_us = 0;
	return OK;
}

struct error lms_load_zones(struct lms *lms)
{
	return OK;
}

struct error lms_load_languages(struct lms *lms)
{
	return OK;
}

static int person_find(struct slice username)
{
	const struct fake_state *state = fake_now();
	for (int i = 1; i <= state->people_count; i++)
		if (slice_is(username, slice_of(state->people[i].username)))
			return i;
	return 0;
}

static int person_of(int64_t user)
{
	return user > FIRST_PERSON && user <= FIRST_PERSON + FAKE_PEOPLE_MAX
	           ? (int)(user - FIRST_PERSON)
	           : 0;
}

/* "C3" -> 3; 0: there is no such course. */
static int course_find(struct slice name)
{
	const struct fake_state *state = fake_now();
	int course = name.size == 2 && name.bytes[0] == 'C' ? name.bytes[1] - '0' : 0;
	bool is_there = course >= 1 && course <= state->courses_count;
	return is_there && state->courses[course].id != 0 ? course : 0;
}

static int course_of(int64_t id)
{
	const struct fake_state *state = fake_now();
	for (int i = 1; i <= state->courses_count; i++)
		if (id != 0 && state->courses[i].id == id)
			return i;
	return 0;
}

struct error lms_find_users(
    struct lms *lms, struct user_key *keys, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		int person = person_find(keys[i].text);
		keys[i].matches = person > 0;
		keys[i].ids[0] = person ? FIRST_PERSON + person : 0;
	}
	return fake_step("finding people");
}

struct error lms_load_accounts(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		const struct fake_person *is = &fake_now()->people[person_of(people[i].id)];
		size_t size = columns_details_count() * sizeof *people->details;
		people[i].username = arena_copy(arena, slice_of(is->username));
		people[i].is_suspended = is->is_suspended;
		people[i].auth = SLICE("manual");
		people[i].details = arena_alloc(arena, size);
		people[i].profile = arena_alloc(arena, size);
		if (arena_has_failed(arena))
			abort();
		memset(people[i].details, 0, size);
	}
	return fake_step("loading accounts");
}

struct error lms_load_persons(
    struct lms *lms, struct person *persons, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		const struct fake_person *is = &fake_now()->people[person_of(persons[i].user)];
		persons[i] = (struct person){.user = persons[i].user,
		    .is_there = true,
		    .username = arena_copy(arena, slice_of(is->username)),
		    .fullname = SLICE(""),
		    .idnumber = SLICE(""),
		    .email = SLICE(""),
		    .is_suspended = is->is_suspended,
		    .modified = is->modified};
	}
	return fake_step("loading people");
}

struct error lms_find_courses(struct lms *lms, const struct course_key *keys, size_t count,
    struct course_facts *courses, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		int64_t id = fake_now()->courses[course_find(keys[i].text)].id;
		courses[i] = (struct course_facts){.id = id,
		    .matches = id != 0,
		    .context = id,
		    .enrol = id,
		    .enrol_role = id ? FAKE_STUDENT : 0};
	}
	return fake_step("finding courses");
}

struct error lms_load_makers(
    struct lms *lms, struct slice feed, int64_t since, struct account_facts *people, size_t count)
{
	for (size_t i = 0; i < count; i++)
		people[i].is_of_feed = true;
	return OK;
}

struct slice lms_chores(const struct lms *lms)
{
	return SLICE("");
}

/* ---- of which this site has none ---- */

#define NONE(call, ...)                                                                            \
	struct error call(struct lms *lms, __VA_ARGS__)                                            \
	{                                                                                          \
		return OK;                                                                         \
	}

NONE(lms_find_categories, struct category_facts *categories, size_t count)
NONE(lms_find_groups, struct group_facts *groups, size_t count)
NONE(lms_find_groupings, struct grouping_facts *groupings, size_t count)
NONE(lms_load_memberships, struct membership_facts *memberships, size_t count)
NONE(lms_find_cohorts, struct cohort_facts *cohorts, size_t count, struct arena *arena)
NONE(lms_suggest_cohorts, struct cohort_facts *cohorts, size_t count, struct arena *arena)
NONE(lms_suggest_groups, struct group_facts *groups, size_t count, struct arena *arena)
NONE(lms_load_course_surroundings, struct course_facts *courses, size_t count, struct arena *arena)
NONE(lms_load_category_surroundings, struct category_facts *categories, size_t count,
    struct arena *arena)
NONE(lms_load_interests, struct account_facts *people, size_t count, struct arena *arena)
NONE(lms_load_site_roles, struct account_facts *people, size_t count, struct arena *arena)
NONE(lms_load_place_roles, struct account_facts *people, size_t count, struct arena *arena)
/* ---- enrolments ---- */

static struct fake_enrolment *cell_of(struct fake_state *state, int64_t user, int64_t enrol)
{
	return &state->enrolments[person_of(user)][course_of(enrol)];
}

static void roles_fill(
    struct enrolment_facts *of, const struct fake_enrolment *is, struct arena *arena)
{
	of->roles = arena_alloc(arena, 2 * sizeof *of->roles);
	of->roles_count = 0;
	if (!of->roles)
		return;
	if (is->is_teacher)
		of->roles[of->roles_count++] = FAKE_TEACHER;
	if (is->is_student)
		of->roles[of->roles_count++] = FAKE_STUDENT;
}

struct error lms_load_enrolments(
    struct lms *lms, struct enrolment_facts *enrolments, size_t count, struct arena *arena)
{
	static const struct fake_enrolment none;
	for (size_t i = 0; i < count; i++) {
		struct enrolment_facts *of = &enrolments[i];
		const struct fake_enrolment *is = cell_of(fake_now(), of->user, of->enrol);
		is = course_of(of->enrol) && person_of(of->user) ? is : &none;
		of->id = is->id;
		of->status = is->is_suspended ? ENROLMENT_SUSPENDED : ENROLMENT_ACTIVE;
		of->timestart = is->start;
		of->timeend = is->end;
		roles_fill(of, is, arena);
		if (of->asks_leaving)
			of->leaving = (struct leaving_facts){.others = SLICE(""),
			    .has_history = is->has_grade,
			    .has_roles = of->roles_count > 0,
			    .modified = is->modified};
	}
	return fake_step("loading enrolments");
}

struct error lms_load_leavers(
    struct lms *lms, struct leaver *leavers, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		int cell = (int)(leavers[i].enrolment % CELLS);
		int person = cell / (FAKE_COURSES_MAX + 1), course = cell % (FAKE_COURSES_MAX + 1);
		const struct fake_enrolment *is = &fake_now()->enrolments[person][course];
		const struct fake_course *in = &fake_now()->courses[course];
		leavers[i] = (struct leaver){.enrolment = leavers[i].enrolment};
		if (is->id == 0 || is->id != leavers[i].enrolment)
			continue;
		leavers[i] = (struct leaver){.enrolment = is->id,
		    .is_there = true,
		    .user = FIRST_PERSON + person,
		    .username = arena_print(arena, "%s", fake_now()->people[person].username),
		    .fullname = SLICE(""),
		    .idnumber = SLICE(""),
		    .email = SLICE(""),
		    .is_suspended = fake_now()->people[person].is_suspended,
		    .enrol = in->id,
		    .is_manual = true,
		    .course = in->id,
		    .context = in->id,
		    .shortname = arena_print(arena, "C%d", course),
		    .course_idnumber = SLICE(""),
		    .course_fullname = SLICE(""),
		    .course_end = in->end,
		    .status = is->is_suspended ? ENROLMENT_SUSPENDED : ENROLMENT_ACTIVE,
		    .timestart = is->start,
		    .timeend = is->end,
		    .modified = is->modified};
	}
	return fake_step("loading who leaves");
}

struct error lms_find_enrolments(
    struct lms *lms, struct enrolment_key *keys, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++)
		keys[i].id = course_of(keys[i].enrol)
		                 ? cell_of(fake_now(), keys[i].user, keys[i].enrol)->id
		                 : 0;
	return fake_step("finding enrolments");
}

/* ---- changes ---- */

static int64_t id_make(struct fake_state *state, int person, int course)
{
	return ++state->made * CELLS + person * (FAKE_COURSES_MAX + 1) + course;
}

static void role_set(struct fake_enrolment *is, int64_t role, bool has)
{
	*(role == FAKE_TEACHER ? &is->is_teacher : &is->is_student) = has;
}

static void enrolment_set(struct fake_enrolment *is, const struct change *change, int64_t now)
{
	is->is_suspended = change->status != ENROLMENT_ACTIVE;
	is->start = change->timestart;
	is->end = change->timeend;
	is->modified = now;
}

static void enrolment_end(struct fake_enrolment *is)
{
	*is = (struct fake_enrolment){.made = is->made};
}

static struct error account_apply(const struct effects *effects, const struct change *change)
{
	int person = person_of(effects->people[change->person].id);
	if (!person || !change->account->sets_suspended)
		return error_config("the simulation only suspends accounts");
	working.people[person].is_suspended = change->account->is_suspended;
	working.people[person].modified = effects->now;
	return OK;
}

static struct error change_apply(const struct effects *effects, const struct change *change)
{
	if (change->kind == CHANGE_UPDATE_ACCOUNT)
		return account_apply(effects, change);
	struct enrolment_facts *of = &effects->enrolments[change->enrolment];
	struct fake_enrolment *is = cell_of(&working, of->user, of->enrol);
	int person = person_of(of->user), course = course_of(of->enrol);
	bool is_new = change->kind == CHANGE_ENROL;
	if (!person || !course || is_new == (is->id != 0))
		return error_config("the simulation has no such enrolment, or has it already");
	if (is_new) {
		enrolment_set(is, change, effects->now);
		of->id = is->id = id_make(&working, person, course);
		is->made++;
	} else if (change->kind == CHANGE_ENROLMENT) {
		enrolment_set(is, change, effects->now);
	} else if (change->kind == CHANGE_ASSIGN_ROLE || change->kind == CHANGE_UNASSIGN_ROLE) {
		role_set(is, change->role, change->kind == CHANGE_ASSIGN_ROLE);
	} else if (change->kind == CHANGE_UNASSIGN_ALL) {
		is->is_teacher = is->is_student = false;
	} else if (change->kind == CHANGE_UNENROL) {
		enrolment_end(is);
	} else {
		return error_config("the simulation knows no such change");
	}
	return OK;
}

struct error lms_apply(struct lms *lms, const struct effects *effects)
{
	struct error error = OK;
	for (size_t i = 0; i < effects->count && !is_error(&error); i++)
		error = change_apply(effects, &effects->changes[i]);
	return is_error(&error) ? error : fake_step("applying");
}

/* ---- for the law, and for other hands ---- */

size_t fake_lms_runs(void)
{
	return committed.runs_count;
}

const struct ledger_run *fake_lms_run(size_t index)
{
	return &committed.runs[index];
}

int fake_lms_enrolled(int person, int course)
{
	return committed.enrolments[person][course].made;
}

struct fake_person *fake_lms_person(int person)
{
	return &committed.people[person];
}

struct fake_course *fake_lms_course(int course)
{
	return &committed.courses[course];
}

struct fake_enrolment *fake_lms_enrolment(int person, int course)
{
	return &committed.enrolments[person][course];
}

int64_t fake_lms_new_course(int course)
{
	return FIRST_COURSE + ++committed.made * (FAKE_COURSES_MAX + 1) + course;
}

int64_t fake_lms_new_enrolment(int person, int course)
{
	return id_make(&committed, person, course);
}

/* Of nobody anything is told. */
struct error lms_load_plan_details(struct lms *lms, struct slice feed, struct plan_detail *details,
    size_t count, struct arena *arena)
{
	return fake_step("details of a plan");
}

struct error lms_count_active(
    struct lms *lms, const int64_t *courses, size_t count, int64_t now, uint64_t *people)
{
	*people = (uint64_t)fake_now()->people_count;
	return fake_step("who is active");
}

struct error lms_count_accounts(struct lms *lms, uint64_t *accounts)
{
	*accounts = (uint64_t)fake_now()->people_count;
	return fake_step("who is active");
}
