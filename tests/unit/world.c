#include "world.h"

#include "fatal.h"

#include "enrold/config.h"
#include "enrold/limits.h"
#include "enrold/may.h"
#include "enrold/value.h"

#include <stdlib.h>

static const struct role_facts roles[] = {
    {1, {"manager", 7}, {"manager", 7}, true, true, true},
    {4, {"teacher", 7}, {"teacher", 7}, true, false, false},
    {5, {"student", 7}, {"student", 7}, true, false, false},
    {7, {"user", 4}, {"user", 4}, false, false, false},
    {8, {"auditor", 7}, {"", 0}, true, true, false},
    {9, {"-chief", 6}, {"student", 7}, true, false, false},
};

static const int64_t admins[] = {2};

static const struct profile_field fields[] = {
    {.id = 1, .shortname = {"dept", 4}, .kind = PROFILE_TEXT, .characters_max = 10},
    {.id = 2,
        .shortname = {"Grade", 5},
        .kind = PROFILE_MENU,
        .initial = {"B", 1},
        .param1 = {"A\nB\nC", 5}},
    {.id = 3, .shortname = {"agree", 5}, .kind = PROFILE_CHECKBOX, .initial = {"0", 1}},
    {.id = 4,
        .shortname = {"hired", 5},
        .kind = PROFILE_DATETIME,
        .param1 = {"2000", 4},
        .param2 = {"2030", 4}},
    {.id = 5, .shortname = {"badge", 5}, .kind = PROFILE_TEXT, .is_unique = true},
};

enum { FIELDS = sizeof fields / sizeof *fields };

static const struct known {
	int64_t id;
	const char *username, *email, *idnumber, *city, *auth;
	bool is_suspended;
} people[] = {
    {1, "guest", "root@localhost", "", "", "manual", false},
    {2, "admin", "admin@corp.example", "", "", "manual", false},
    {3, "alice", "alice@corp.example", "E001", "", "manual", false},
    {4, "bob", "bob@corp.example", "E002", "Berlin", "manual", true},
    {5, "carol", "Carol.Clark@Corp.example", "E003", "", "ldap", false},
    {6, "dup1", "twin@corp.example", "E006", "", "manual", false},
    {7, "dup2", "twin@corp.example", "E006", "", "manual", false},
    {8, "smith", "smith@corp.example", "E008", "", "manual", false},
    {9, "smith1", "smith1@corp.example", "E009", "", "manual", false},
    {10, "heidi", "heidi@corp.example", "E010", "", "manual", false},
    {11, "ivan", "ivan@corp.example", "E011", "", "manual", false},
    {12, "judy", "judy@corp.example", "E012", "", "manual", false},
    {13, "mona", "mona@corp.example", "E013", "", "manual", false},
    {14, "otto", "otto@corp.example", "E014", "", "manual", false},
    {15, "oscar", "oscar@corp.example", "E015", "", "manual", false},
    {16, "vera", "vera@corp.example", "E016", "", "manual", false},
    {17, "norma", "norma@corp.example", "E017", "", "manual", false},
    {18, "otis", "otis@corp.example", "E018", "", "manual", false},
    {19, "gina", "gina@corp.example", "E019", "", "manual", false},
    {20, "rolf", "rolf@corp.example", "E020", "", "manual", false},
    {21, "sven", "sven@corp.example", "E021", "", "manual", false},
};

enum { PEOPLE = sizeof people / sizeof *people, ROUNDS_MAX = 1000 };

/* ---- what the LMS would say ---- */

static struct slice text_of(const struct known *known, enum user_key_by by, struct arena *arena)
{
	switch (by) {
	case KEY_USERNAME: return slice_of(known->username);
	case KEY_EMAIL: return value_lower(slice_of(known->email), arena);
	case KEY_DELETED:
	case KEY_PROFILE:
	case KEY_IDNUMBER: break;
	}
	return slice_of(known->idnumber);
}

/* heidi has the badge B10, and so has, against the rule, ivan. */
static struct slice badge_of(int64_t id)
{
	return id == 10 || id == 11 ? SLICE("B10") : SLICE("");
}

static void badge_answer(struct user_key *key)
{
	for (int64_t id = 10; id < 12; id++)
		if (slice_is(badge_of(id), key->text))
			key->ids[key->matches++] = id;
}

static void key_answer(struct user_key *key, struct arena *arena)
{
	if (key->by == KEY_PROFILE) {
		badge_answer(key);
		return;
	}
	if (key->by == KEY_DELETED) {
		key->matches = slice_is(key->text, SLICE("leaver"));
		return;
	}
	key->is_taken = key->by == KEY_USERNAME && slice_is(key->text, SLICE("gone@x.1"));
	for (size_t i = 0; i < PEOPLE; i++)
		if (slice_is(text_of(&people[i], key->by, arena), key->text) && key->matches < 2)
			key->ids[key->matches++] = people[i].id;
}

static void account_load(struct world *world, struct account_facts *person)
{
	uint32_t count = columns_details_count();
	const struct known *known = &people[person->id - 1];
	person->username = slice_of(known->username);
	person->auth = slice_of(known->auth);
	person->is_suspended = known->is_suspended;
	person->details = arena_alloc(world->batch.arena, count * sizeof *person->details);
	person->profile = arena_alloc(world->batch.arena, FIELDS * sizeof *person->profile);
	person->profile[FIELDS - 1] = badge_of(person->id);
	for (uint32_t d = 0; d < count; d++) {
		const char *name = columns_detail(d)->name;
		bool is_number = columns_detail(d)->detail.kind == DETAIL_NUMBER;
		person->details[d] = strcmp(name, "city") == 0       ? slice_of(known->city)
		                     : d == DETAIL_EMAIL             ? slice_of(known->email)
		                     : d == DETAIL_IDNUMBER          ? slice_of(known->idnumber)
		                     : d <= DETAIL_LASTNAME          ? SLICE("Name")
		                     : strcmp(name, "timezone") == 0 ? SLICE("99")
		                     : is_number                     ? SLICE("1")
		                                                     : SLICE("");
	}
}

static struct course_facts course(
    int64_t id, uint32_t matches, int64_t context, int64_t enrol, int64_t period)
{
	return (struct course_facts){.id = id,
	    .matches = matches,
	    .context = context,
	    .enrol = enrol,
	    .enrol_role = enrol ? 5 : 0,
	    .enrol_period = period};
}

/* SAFETY (number S1) stands in CAT, which stands in HR; ETHICS in LAW. */
static struct slice below_hr[] = {{"HR", 2}, {"CAT", 3}};
static struct slice in_law[] = {{"LAW", 3}};

static struct course_facts standing(struct course_facts facts, const char *shortname,
    const char *idnumber, struct slice *categories)
{
	facts.stands = (struct surroundings){
	    slice_of(shortname), slice_of(idnumber), categories, categories == below_hr ? 2 : 1};
	return facts;
}

static struct course_facts course_of(struct slice name);

/* E1 is ETHICS's number, T1 that of two courses. */
static struct course_facts course_of_number(struct slice number)
{
	if (slice_is(number, SLICE("S1")))
		return course_of(SLICE("SAFETY"));
	if (slice_is(number, SLICE("E1")))
		return course_of(SLICE("ETHICS"));
	if (slice_is(number, SLICE("T1")))
		return course_of(SLICE("TWINS"));
	return (struct course_facts){
	    .nearest = slice_is(number, SLICE("S11")) ? SLICE("S1") : SLICE("")};
}

static struct course_facts course_of(struct slice name)
{
	if (slice_is(name, SLICE("SAFETY")))
		return standing(course(2, 1, 13, 1, 0), "SAFETY", "S1", below_hr);
	if (slice_is(name, SLICE("ETHICS")))
		return standing(course(4, 1, 15, 7, 30 * WORLD_DAY), "ETHICS", "E1", in_law);
	if (slice_is(name, SLICE("BOSSES"))) {
		struct course_facts bosses = course(7, 1, 18, 9, 0);
		bosses.enrol_role = 1;
		return bosses;
	}
	if (slice_is(name, SLICE("TWINS")))
		return course(5, 2, 16, 8, 0);
	if (slice_is(name, SLICE("NOMAN")))
		return course(6, 1, 17, 0, 0);
	if (slice_is(name, SLICE("front"))) {
		struct course_facts front = course(1, 1, 2, 0, 0);
		front.is_site = true;
		return front;
	}
	return (struct course_facts){
	    .nearest = slice_is(name, SLICE("SAFETI")) ? SLICE("SAFETY") : SLICE("")};
}

static struct course_facts course_find(const struct course_key *key)
{
	return key->by == COURSE_BY_IDNUMBER ? course_of_number(key->text) : course_of(key->text);
}

/* Categories CAT and LAW; cohorts SALES (1), EXT (2, another component's) and -NIGHT (3); in SAFETY
 * the groups Alpha (1, number GA), 42 (3), -Red (4), Twice twice, Spare twice with nobody in the
 * newer, and the grouping Letters (1) with Alpha in it. */
static void cohort_find(struct cohort_facts *cohort)
{
	bool is_sales =
	    slice_is(cohort->text, SLICE("SALES")) || slice_is(cohort->text, SLICE("1"));
	cohort->is_external = slice_is(cohort->text, SLICE("EXT"));
	cohort->id = is_sales ? 1 : cohort->is_external ? 2 : 0;
	if (slice_is(cohort->text, SLICE("-NIGHT")))
		cohort->id = 3;
	cohort->idnumber = is_sales ? SLICE("SALES") : SLICE("");
	cohort->matches = slice_is(cohort->text, SLICE("DUP")) ? 2 : cohort->id != 0;
	/* The number 2026 is that of 7, and 5 too, which is another's id. */
	bool is_five = slice_is(cohort->text, SLICE("5"));
	if (is_five || slice_is(cohort->text, SLICE("2026")))
		cohort->other = 7;
	if (is_five)
		cohort->id = 5;
	if (cohort->id == 0)
		cohort->nearest = SLICE("SALES");
}

static void group_find(struct group_facts *group)
{
	static const struct {
		enum group_key_by by;
		const char *text;
		int64_t id;
		uint32_t matches;
	} groups[] = {
	    {GROUP_BY_NAME, "Alpha", 1, 1},
	    {GROUP_BY_NAME, "42", 3, 1},
	    {GROUP_BY_NAME, "-Red", 4, 1},
	    {GROUP_BY_NAME, "Twice", 5, 2},
	    {GROUP_BY_NAME, "Spare", 7, 2},
	    {GROUP_BY_NAME_OR_ID, "1", 1, 1},
	    {GROUP_BY_IDNUMBER, "GA", 1, 1},
	};
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		bool is_asked = groups[i].by == group->by ||
		                (groups[i].by == GROUP_BY_NAME && group->by != GROUP_BY_IDNUMBER);
		if (group->course_id == 2 && is_asked &&
		    slice_is(group->text, slice_of(groups[i].text))) {
			group->id = groups[i].id;
			group->matches = groups[i].matches;
			group->has_spares = groups[i].id == 7;
		}
	}
}

static void places_find(struct batch *batch)
{
	for (size_t i = 0; i < batch->categories_count; i++) {
		struct category_facts *category = &batch->categories[i];
		bool is_cat = slice_is(category->idnumber, SLICE("CAT"));
		if (!is_cat && !slice_is(category->idnumber, SLICE("LAW")))
			continue;
		category->id = is_cat ? 2 : 3;
		category->matches = 1;
		category->context = is_cat ? 20 : 21;
		category->stands.categories = is_cat ? below_hr : in_law;
		category->stands.categories_count = is_cat ? 2 : 1;
	}
	for (size_t i = 0; i < batch->cohorts_count; i++)
		cohort_find(&batch->cohorts[i]);
	for (size_t i = 0; i < batch->groups_count; i++)
		group_find(&batch->groups[i]);
	for (size_t i = 0; i < batch->groupings_count; i++)
		if (slice_is(batch->groupings[i].name, SLICE("Letters")))
			batch->groupings[i].id = batch->groupings[i].matches = 1;
}

/* heidi and gina are in SALES and in Alpha. */
static void membership_load(const struct world *world, struct membership_facts *is)
{
	bool is_in = is->kind != GROUP_IN_GROUPING && (is->who_id == 10 || is->who_id == 19);
	bool is_alpha = is->kind == GROUP_IN_GROUPING && is->who_id == 1;
	is->is_member = is->target_id == 1 && (is_in || is_alpha);
	is->is_owned = is->asks_leaving && is->kind == PERSON_IN_GROUP && is->who_id == 19;
	is->purges = is->asks_leaving && is->kind == PERSON_IN_COHORT && is->who_id == 19;
	for (size_t i = 0; i < world->memory.memberships_count; i++) {
		const struct membership_facts *was = &world->memory.memberships[i];
		if (was->kind == is->kind && was->who_id == is->who_id &&
		    was->target_id == is->target_id)
			is->is_member = was->is_member;
	}
}

static void site_roles_load(struct batch *batch, struct account_facts *person)
{
	if (person->id == 13 || person->id == 14)
		account_add_site_role(person, (struct site_role){.role = 1}, batch->arena);
	if (person->id == 14)
		account_add_site_role(person, (struct site_role){.role = 8}, batch->arena);
}

/* judy is manager in some category, oscar in some course, where vera is auditor. */
static void place_roles_load(struct batch *batch, struct account_facts *person)
{
	bool is_oscar = person->id == 15;
	if (person->id == 12 || is_oscar)
		account_add_place_role(person,
		    (struct place_role){.role = 1, .is_in_category = !is_oscar}, batch->arena);
	if (person->id == 16)
		account_add_place_role(person, (struct place_role){.role = 8}, batch->arena);
}

/* norma is there by a cohort, too, otis by nothing else; gina has grades. */
static void leaving_load(struct batch *batch, struct enrolment_facts *is)
{
	if (!is->asks_leaving || is->course != 2)
		return;
	bool is_synced = is->user == 17 || is->user == 18;
	is->leaving.others = is_synced ? SLICE("cohort") : SLICE("");
	is->leaving.has_history = is->user == 19;
	is->leaving.has_roles = is->roles_count > 0;
	if (!is_synced)
		return;
	is->leaving.owned_roles = arena_alloc(batch->arena, sizeof *is->leaving.owned_roles);
	is->leaving.owned_roles[is->leaving.owned_roles_count++] = is->user == 17 ? 4 : 5;
}

static void enrolment_load(struct batch *batch, struct enrolment_facts *is)
{
	bool is_manager = is->user == 13 || is->user == 14;
	if (is->context == 1 && is_manager)
		enrolment_add_role(is, 1, batch->arena);
	if (is->user == 15 && is->course == 2)
		enrolment_add_role(is, 1, batch->arena);
	if (is->user < 10 || is->user > 21 || is_manager || is->user == 18 || is->course != 2)
		return;
	is->id = is->user;
	is->status = is->user == 11 || is->user >= 20;
	is->timestart = 1767225600;
	is->timeend = is->user == 12 ? 1769904000 : 0;
	if (is->user != 21)
		enrolment_add_role(is, 5, batch->arena);
}

/* As it was written since. */
static bool enrolment_recall(struct world *world, struct enrolment_facts *is)
{
	for (size_t i = world->memory.places_count; i > 0; i--) {
		const struct enrolment_facts *was = &world->memory.places[i - 1];
		if (was->user != is->user || was->context != is->context)
			continue;
		is->id = was->id == ENROLMENT_PLANNED ? 2000 + (int64_t)i : was->id;
		is->status = was->status;
		is->timestart = was->timestart;
		is->timeend = was->timeend;
		is->roles_count = 0;
		for (uint32_t r = 0; r < was->roles_count; r++)
			enrolment_add_role(is, was->roles[r], world->batch.arena);
		return true;
	}
	return false;
}

static void place_load(struct world *world, struct enrolment_facts *is)
{
	if (!enrolment_recall(world, is))
		enrolment_load(&world->batch, is);
	is->is_absent = world->has_absent && is->id != 0 && is->status != 0;
	leaving_load(&world->batch, is);
}

static void membership_keep(struct world *world, const struct membership_facts *is, bool is_member)
{
	struct world_memory *memory = &world->memory;
	memory->memberships = arena_grow(world->arena, memory->memberships,
	    memory->memberships_count, memory->memberships_count + 1, sizeof *is);
	struct membership_facts *kept = &memory->memberships[memory->memberships_count++];
	*kept = *is;
	kept->is_member = is_member;
	kept->target_id = is->target_id                 ? is->target_id
	                  : is->kind == PERSON_IN_GROUP ? world->batch.groups[is->target].id
	                                                : world->batch.cohorts[is->target].id;
	kept->who_id = world->batch.people[is->who].id;
}

/* Who has left a course is in none of its groups. */
static void groups_forget(struct world *world, const struct enrolment_facts *is)
{
	struct batch *batch = &world->batch;
	for (size_t i = 0; i < batch->memberships_count; i++) {
		const struct membership_facts *membership = &batch->memberships[i];
		if (membership->kind == PERSON_IN_GROUP && membership->who == is->person &&
		    batch->groups[membership->target].course_id == is->course)
			membership_keep(world, membership, false);
	}
}

static void change_keep(struct world *world, const struct change *change)
{
	struct world_memory *memory = &world->memory;
	const struct batch *batch = &world->batch;
	if (change->kind == CHANGE_JOIN || change->kind == CHANGE_LEAVE) {
		membership_keep(
		    world, &batch->memberships[change->target], change->kind == CHANGE_JOIN);
		return;
	}
	const struct enrolment_facts *is = &batch->enrolments[change->enrolment];
	memory->places = arena_grow(world->arena, memory->places, memory->places_count,
	    memory->places_count + 1, sizeof *is);
	struct enrolment_facts *kept = &memory->places[memory->places_count++];
	*kept = *is;
	kept->user = batch->people[is->person].id;
	kept->roles = arena_grow(
	    world->arena, is->roles, is->roles_count, is->roles_count + 1, sizeof *kept->roles);
	if (change->kind == CHANGE_UNENROL && is->leaving.others.size == 0)
		groups_forget(world, is);
}

static bool is_of_place(const struct change *change)
{
	return change->kind != CHANGE_SET_INTERESTS && !change_is_of_account(change) &&
	       change->person != INDEX_NONE;
}

/* ---- rounds ---- */

static void good(struct error error)
{
	if (is_error(&error))
		fatal("%s", error.text);
}

static void facts_find(struct world *world)
{
	struct batch *batch = &world->batch;
	for (size_t k = batch->keys_asked; k < batch->keys_count; k++)
		key_answer(&batch->keys[k], batch->arena);
	good(batch_meet(batch));
	for (; batch->people_loaded < batch->people_count; batch->people_loaded++) {
		struct account_facts *person = &batch->people[batch->people_loaded];
		if (!person->details)
			site_roles_load(batch, person);
		if (batch->asks_accounts && !person->details)
			place_roles_load(batch, person);
		if (batch->asks_accounts && !person->details)
			account_load(world, person);
	}
	good(batch_pair(batch));
	for (; batch->enrolments_loaded < batch->enrolments_count; batch->enrolments_loaded++)
		place_load(world, &batch->enrolments[batch->enrolments_loaded]);
	for (; batch->memberships_loaded < batch->memberships_count; batch->memberships_loaded++)
		membership_load(world, &batch->memberships[batch->memberships_loaded]);
}

static void outcomes_print(struct world *world, const struct plan *plan)
{
	for (size_t i = 0; i < plan->outcomes_count; i++) {
		const struct outcome *outcome = &plan->outcomes[i];
		struct slice column = outcome->column == COLUMN_NONE
		                          ? SLICE("-")
		                          : world->header->columns[outcome->column].name;
		buffer_print(&world->outcomes, "%llu %.*s %s %s\n",
		    (unsigned long long)world->batch.records[outcome->record].line,
		    SLICE_ARG(column), outcome_kind_name(outcome->kind),
		    outcome_code_name(outcome->code));
		if (outcome->message.size == 0)
			fatal("an outcome without a message");
		world->last = *outcome;
		if (world->on_outcome)
			world->on_outcome(outcome);
	}
}

static void account_print(struct buffer *out, const struct account_change *change)
{
	for (uint32_t d = 0; d < columns_details_count(); d++)
		if (change->details != UINT64_MAX && change->details & (UINT64_C(1) << d))
			buffer_print(
			    out, " %s=%.*s", columns_detail(d)->name, SLICE_ARG(change->values[d]));
	for (uint32_t p = 0; p < change->profile_count; p++)
		if (change->details != UINT64_MAX)
			buffer_print(out, " field%d=%.*s", (int)change->profile[p].field,
			    SLICE_ARG(change->profile[p].data));
	if (change->auth.size > 0)
		buffer_print(out, " auth=%.*s", SLICE_ARG(change->auth));
	if (change->password.size > 0)
		buffer_print(out, " password=%.*s", SLICE_ARG(change->password));
	if (change->stored.size > 0)
		buffer_print(out, " stored=%.*s", SLICE_ARG(change->stored));
	if (change->sets_suspended)
		buffer_print(out, " suspended=%d", change->is_suspended);
	if (change->generate || change->force)
		buffer_print(out, " generate=%d force=%d", change->generate, change->force);
	buffer_add_text(out, change->ends_sessions ? " out" : "");
}

static void group_print(
    struct buffer *out, const struct group_facts *facts, const struct group_change *group)
{
	buffer_print(out, "%.*s idnumber=%.*s description=%s", SLICE_ARG(facts->text),
	    SLICE_ARG(group->idnumber), group->description.bytes ? "" : "NULL");
}

/* Whatever the file: nobody is touched, and no role given or taken, whom and which the feed must
 * not. Who got a role in the site by the file itself may have been changed before. */
static void reach_check(
    struct world *world, const struct change *change, const struct account_facts *person)
{
	const struct policy_may *may = &world->policy.may;
	bool is_known = person->id == 13 || person->id == 14;
	if (person->is_protected ||
	    (is_known && may_find_protection(may, &world->site, person) != 0))
		fatal("a change to a protected account");
	if (change->kind != CHANGE_ASSIGN_ROLE && change->kind != CHANGE_UNASSIGN_ROLE)
		return;
	bool in_course = world->batch.enrolments[change->enrolment].level == 50;
	for (size_t i = 0; i < world->site.roles_count; i++) {
		const struct role_facts *role = &roles[i];
		if (role->id == change->role &&
		    !(in_course ? may_give_role(may, role)
		                : may_fits(&may->system_roles, role->shortname)))
			fatal("a role that the feed may not give");
	}
}

/* New accounts and enrolments get ids, as if they had been written. */
static void changes_print(struct world *world, const struct plan *plan)
{
	static const char *const kinds[] = {"create", "update", "rename", "delete", "interests",
	    "enrol", "enrolment", "role", "unrole", "cohort", "group", "grouping", "join", "leave",
	    "unenrol", "unrole_all"};
	for (size_t i = 0; i < plan->changes_count; i++) {
		const struct change *change = &plan->changes[i];
		struct account_facts nobody = {0};
		struct account_facts *person =
		    change->person == INDEX_NONE ? &nobody : &world->batch.people[change->person];
		reach_check(world, change, person);
		buffer_print(&world->changes, "%s %.*s", kinds[change->kind],
		    SLICE_ARG(change->kind == CHANGE_CREATE_ACCOUNT ? change->account->username
		                                                    : person->username));
		if (change->account)
			account_print(&world->changes, change->account);
		for (uint32_t k = 0;
		     change->kind == CHANGE_SET_INTERESTS && k < change->interests->count; k++)
			buffer_print(
			    &world->changes, " %.*s", SLICE_ARG(change->interests->raws[k]));
		if (change->kind == CHANGE_CREATE_GROUP)
			group_print(
			    &world->changes, &world->batch.groups[change->target], change->group);
		buffer_add_char(&world->changes, '\n');
		if (change->kind == CHANGE_CREATE_ACCOUNT)
			person->id = 1000 + (int64_t)i + 100 * world->rounds;
		if (world->batch.takes_away && is_of_place(change))
			change_keep(world, change);
	}
}

static struct slice mention_course(const struct batch *batch, const struct mention *mention)
{
	if (mention->course != INDEX_NONE)
		return batch->course_keys[mention->course].text;
	for (size_t i = 0; mention->enrolment != INDEX_NONE && i < batch->courses_count; i++)
		if (batch->courses[i].enrol == batch->enrolments[mention->enrolment].enrol)
			return batch->course_keys[i].text;
	return SLICE("-");
}

static void mentions_print(struct world *world, const struct plan *plan)
{
	static const char *const kinds[] = {"listed", "person", "present", "unknown"};
	const struct batch *batch = &world->batch;
	for (size_t i = 0; i < plan->mentions_count; i++) {
		const struct mention *mention = &plan->mentions[i];
		struct slice person = mention->person == INDEX_NONE
		                          ? SLICE("-")
		                          : batch->people[mention->person].username;
		buffer_print(&world->mentions, "%d %s %.*s %.*s%s\n",
		    (int)batch->records[mention->record].line, kinds[mention->kind],
		    SLICE_ARG(person), SLICE_ARG(mention_course(batch, mention)),
		    mention->is_new ? "+" : "");
	}
}

static void places_answer(struct batch *batch)
{
	batch->courses =
	    arena_alloc(batch->arena, (batch->courses_count + 1) * sizeof *batch->courses);
	for (size_t i = 0; i < batch->courses_count; i++)
		batch->courses[i] = course_find(&batch->course_keys[i]);
	batch_link_places(batch);
	places_find(batch);
	batch_link_places(batch);
}

/* Limits that anybody trips. */
static bool is_foreseen(const struct world *world, enum limited kind)
{
	static const struct policy_limit one = {.most = 1};
	static const struct limits_outlook outlook = {
	    .rows = 1000000, .has_last = true, .strangers = 1000000};
	struct policy policy = world->policy;
	policy.review = false;
	policy.limits = (struct policy_limits){0};
	*(kind == LIMITED_BY_CELL      ? &policy.limits.by_cell
	    : kind == LIMITED_ACCOUNTS ? &policy.limits.accounts
	                               : &policy.limits.created) = one;
	return limits_need_rehearsal(&policy, world->header, &outlook);
}

/* What a limit could be about has to be expected of the header, or it would not be counted. */
static void foreseen_check(const struct world *world, const struct plan *plan)
{
	bool has[LIMITED_KINDS] = {false};
	for (size_t i = 0; i < plan->changes_count; i++)
		has[LIMITED_NOT] |= plan->changes[i].kind == CHANGE_CREATE_ACCOUNT;
	for (size_t i = 0; i < plan->outcomes_count; i++)
		if (plan->outcomes[i].limited != LIMITED_NOT)
			has[plan->outcomes[i].limited] = true;
	for (enum limited kind = LIMITED_NOT; kind < LIMITED_KINDS; kind++)
		if (has[kind] && !is_foreseen(world, kind))
			fatal("nobody would have counted that");
}

static void batch_run(struct world *world)
{
	struct batch *batch = &world->batch;
	places_answer(batch);
	for (; batch->planned < batch->records_count; world->rounds++) {
		struct plan plan;
		if (world->rounds >= ROUNDS_MAX)
			fatal("the plan does not get on");
		facts_find(world);
		good(plan_batch(batch, WORLD_NOW, WORLD_TODAY, &plan));
		for (enum remark_code code = 0; code < REMARK_CODES; code++)
			world->counts[code] += plan.remarks[code];
		foreseen_check(world, &plan);
		outcomes_print(world, &plan);
		mentions_print(world, &plan);
		changes_print(world, &plan);
	}
}

/* ---- what is taken back ---- */

static void undo_print(struct world *world, const struct plan *plan)
{
	for (size_t i = 0; i < plan->outcomes_count; i++) {
		const struct outcome *is = &plan->outcomes[i];
		if (is->column != COLUMN_UNDONE || is->message.size == 0)
			fatal("an outcome without a column or a message");
		buffer_print(&world->outcomes, "%s %s", outcome_kind_name(is->kind),
		    outcome_code_name(is->code));
		if (is->before.size > 0 || is->after.size > 0)
			buffer_print(&world->outcomes, ": %.*s -> %.*s", SLICE_ARG(is->before),
			    SLICE_ARG(is->after));
		buffer_add_char(&world->outcomes, '\n');
	}
}

static size_t undo_some(struct world *world, struct undo_row **rows, size_t all)
{
	size_t count;
	struct plan plan;
	struct batch *batch = &world->batch;
	batch_reset(batch);
	undo_begin(batch);
	if (!undo_part(rows, all, &count) || count == 0)
		fatal("the undo does not get on");
	for (size_t i = 0; i < count; i++)
		undo_add(batch, world->policy.course_by, rows[i]);
	places_answer(batch);
	facts_find(world);
	undo_pair(batch, rows, count);
	facts_find(world);
	good(plan_undo(batch, rows, count, WORLD_NOW, &plan));
	undo_print(world, &plan);
	changes_print(world, &plan);
	world->rounds++;
	return count;
}

void world_undo(struct world *world, struct undo_row **rows, size_t count)
{
	world_run(world, "username,city\n");
	for (size_t done = 0; done < count;)
		done += undo_some(world, rows + done, count - done);
}

/* ---- the file ---- */

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct world *world = context;
	if (world->header) {
		const struct csvin_record fit = header_fit(world->header, record);
		bool is_whole =
		    fit.fault == CSVIN_WHOLE && !header_is_ragged(world->header, fit.cells_count);
		struct error error =
		    is_whole ? header_count(world->header, &world->policy, &fit) : OK;
		if (is_error(&error) || record_is_blank(record))
			return error;
		return batch_add(&world->batch, &fit);
	}
	const struct header_terms terms = {.policy = &world->policy, .site = &world->site};
	struct error error = header_parse(record, &terms, world->arena, &world->header);
	if (is_error(&error)) {
		world->header = NULL;
		return error;
	}
	good(batch_init(&world->batch, world->header, &world->policy, &world->site));
	world->batch.is_preview = world->is_preview;
	world->batch.withholds = world->withholds;
	world->batch.approval = world->approval;
	world->batch.asks_mentions = true;
	world->batch.now = WORLD_NOW;
	world->batch.today = WORLD_TODAY;
	return OK;
}

static const struct slice *details_make(struct arena *arena)
{
	uint32_t count = columns_details_count();
	struct slice *details = arena_alloc(arena, count * sizeof *details);
	for (uint32_t d = 0; d < count; d++) {
		const char *fallback = columns_detail(d)->detail.fallback;
		details[d] = fallback ? slice_of(fallback) : (struct slice){NULL, 0};
	}
	return details;
}

void world_init(struct world *world, const char *policy)
{
	setenv("TZ", "UTC", 1);
	*world = (struct world){.arena = arena_create()};
	good(policy_parse(policy, world->arena, &world->policy));
	static const struct slice zones[] = {{"Europe/Berlin", 13}, {"Europe/Oslo", 11}};
	world->site = (struct site_facts){.zones = zones,
	    .zones_count = 2,
	    .local_host = 1,
	    .actor = 2,
	    .guest = 1,
	    .admins = admins,
	    .admins_count = 1,
	    .manual_enabled = true,
	    .auths = SLICE("email"),
	    .password = {true, 8, 1, 1, 1, 1, 0},
	    .details = details_make(world->arena),
	    .profile_fields = fields,
	    .profile_fields_count = FIELDS,
	    .roles = roles,
	    .system_context = 1,
	    .roles_count = sizeof roles / sizeof *roles};
}

struct error world_read(struct world *world, const char *bytes, size_t size)
{
	const struct csvin_terms terms = {
	    .delimiter = ',', .limits = {.field_max = 1024, .record_max = 4096, .cells_max = 64}};
	struct csvin *csvin = csvin_create(&terms, on_record, world);
	struct error error = csvin_feed(csvin, bytes, size);
	if (!is_error(&error))
		error = csvin_finish(csvin);
	csvin_free(csvin);
	if (!is_error(&error) && world->header)
		batch_run(world);
	return error;
}

void world_run(struct world *world, const char *text)
{
	good(world_read(world, text, strlen(text)));
}

void world_done(struct world *world)
{
	if (world->header)
		batch_done(&world->batch);
	arena_free(world->arena);
	buffer_done(&world->outcomes);
	buffer_done(&world->changes);
	buffer_done(&world->mentions);
	buffer_done(&world->remarks);
}

static const char *text_end(struct buffer *buffer)
{
	if (buffer->size == 0 || buffer->bytes[buffer->size - 1] != '\0')
		buffer_add_char(buffer, '\0');
	return buffer->bytes;
}

const char *world_outcomes(struct world *world)
{
	return text_end(&world->outcomes);
}

const char *world_remarks(struct world *world)
{
	struct remarks remarks = {.arena = world->arena};
	header_remark(world->header, &world->policy, world->counts, &remarks);
	buffer_clear(&world->remarks);
	for (size_t i = 0; i < remarks.count; i++)
		buffer_print(&world->remarks, "%s: %.*s\n", remark_code_name(remarks.items[i].code),
		    SLICE_ARG(remarks.items[i].message));
	return text_end(&world->remarks);
}

const char *world_changes(struct world *world)
{
	return text_end(&world->changes);
}

const char *world_mentions(struct world *world)
{
	return text_end(&world->mentions);
}

static void expect(const struct world_case *cases, size_t count, bool drops_rows)
{
	for (size_t i = 0; i < count; i++) {
		struct world world;
		world_init(&world, cases[i].policy);
		world.site.checks_profiles = drops_rows;
		world_run(&world, cases[i].text);
		if (strcmp(world_outcomes(&world), cases[i].outcomes) != 0)
			fatal("%s:\n%s", cases[i].what, world_outcomes(&world));
		if (strcmp(world_changes(&world), cases[i].changes) != 0)
			fatal("%s:\n%s", cases[i].what, world_changes(&world));
		world_done(&world);
	}
}

void world_expect(const struct world_case *cases, size_t count)
{
	expect(cases, count, false);
}

void world_expect_dropping(const struct world_case *cases, size_t count)
{
	expect(cases, count, true);
}
