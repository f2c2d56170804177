/*
 * plan_member: cohorts, the groups of courses, and roles in the site and in categories. Rules:
 * lms/README 4.5-4.8; a group is found by its name before its id, so that no second group named 42
 * is made.
 */
#include "pass.h"

#include "enrold/described.h"
#include "enrold/may.h"
#include "enrold/value.h"

static uint32_t person_of(const struct pass *pass, const struct request *request)
{
	return pass->batch->records[request->record].person;
}

static void request_error(struct pass *pass, const struct request *request, uint32_t column,
    enum code code, struct slice message)
{
	request_answer(pass, request, column, OUTCOME_ERROR, code,
	    record_cell(&pass->batch->records[request->record], column), message);
}

/* Makes the person a member; false: is one already. */
static bool join(
    struct pass *pass, const struct request *request, enum membership_kind kind, uint32_t target)
{
	bool is_new;
	uint32_t index =
	    batch_membership(pass->batch, kind, person_of(pass, request), target, &is_new);
	if (arena_has_failed(pass->batch->arena) || pass->batch->memberships[index].is_member)
		return false;
	struct membership_facts *is = &pass->batch->memberships[index];
	fact_keep(pass, is, sizeof *is);
	is->is_member = true;
	change_add(
	    pass, (struct change){
	              .kind = CHANGE_JOIN, .person = person_of(pass, request), .target = index});
	return true;
}

/* Whether a right is missing to see, make or join it, whichever is needed. */
static bool join_lacks(struct pass *pass, const struct request *request, uint32_t column,
    enum membership_kind kind, uint32_t target)
{
	static const enum deed sees[] = {
	    [PERSON_IN_COHORT] = DEED_SEE_COHORT, [PERSON_IN_GROUP] = DEED_SEE_GROUP};
	bool is_new;
	struct batch *batch = pass->batch;
	if (batch->site->lacks == 0)
		return false;
	bool is_missing = kind == PERSON_IN_COHORT ? batch->cohorts[target].id == 0
	                                           : batch->groups[target].id == 0;
	uint32_t index = batch_membership(batch, kind, person_of(pass, request), target, &is_new);
	if (arena_has_failed(batch->arena))
		return false;
	/* The next deeds are to make one and to join one. */
	deed_set deeds = DEED_BIT(sees[kind]);
	if (is_missing)
		deeds |= DEED_BIT(sees[kind] + 1);
	if (!batch->memberships[index].is_member)
		deeds |= DEED_BIT(sees[kind] + 2);
	return request_lacks(
	    pass, request, column, record_cell(&batch->records[request->record], column), deeds);
}

/* ---- cohorts ---- */

static void cohort_make(struct pass *pass, struct cohort_facts *cohort, uint32_t target)
{
	fact_keep(pass, cohort, sizeof *cohort);
	cohort->id = ID_PLANNED;
	cohort->context = pass->batch->site->system_context;
	cohort->level = LEVEL_SYSTEM;
	change_add(pass,
	    (struct change){.kind = CHANGE_CREATE_COHORT, .person = INDEX_NONE, .target = target});
}

/* What to say of a number that is no id. */
static struct slice number_message(const struct pass *pass, const struct cohort_facts *cohort)
{
	struct arena *arena = pass->batch->arena;
	if (cohort->other == 0 || !may_fits(&pass->batch->policy->may.cohorts, cohort->text))
		return arena_print(arena,
		    "No cohort has the id %.*s: name cohorts by their idnumber, which is no "
		    "number.",
		    SLICE_ARG(cohort->text));
	return arena_print(arena,
	    "%.*s is the idnumber of a cohort, and a number is taken for an id: write its id, "
	    "%lld, or give it an idnumber that is no number.",
	    SLICE_ARG(cohort->text), (long long)cohort->other);
}

/* One to be left is not made. */
static bool cohort_is_missing(struct pass *pass, const struct request *request,
    const struct cohort_facts *cohort, bool leaves)
{
	const struct policy_may *may = &pass->batch->policy->may;
	bool is_number = value_is_integer(cohort->text);
	if (cohort->id != 0)
		return false;
	if (may->create_cohorts && !is_number && !leaves)
		return false;
	struct slice nearest =
	    may_fits(&may->cohorts, cohort->nearest) ? cohort->nearest : SLICE("");
	request_error(pass, request, request->column, CODE_COHORT_NOT_FOUND,
	    is_number ? number_message(pass, cohort)
	              : missing_message(pass->batch->arena, "cohort", cohort->text, nearest,
	                    leaves ? "" : ", or let the feed make it (may.create.cohorts)"));
	return true;
}

/* Two cohorts have the name; Moodle takes a number for an id, whatever else it is. */
static bool cohort_is_ambiguous(
    struct pass *pass, const struct request *request, const struct cohort_facts *named)
{
	bool as_moodle = pass->batch->policy->compat == COMPAT_MOODLE;
	struct arena *arena = pass->batch->arena;
	if (named->matches > 1)
		request_error(pass, request, request->column, CODE_COHORT_AMBIGUOUS,
		    arena_print(arena,
		        "%u cohorts have the idnumber '%.*s': give them different ones in the LMS.",
		        named->matches, SLICE_ARG(named->text)));
	else if (named->id != 0 && named->other != 0 && !as_moodle)
		request_error(pass, request, request->column, CODE_COHORT_AMBIGUOUS,
		    arena_print(arena,
		        "%.*s is the id of one cohort and the idnumber of another: give that one "
		        "an "
		        "idnumber that is no number.",
		        SLICE_ARG(named->text)));
	else
		return false;
	return true;
}

static bool cohort_error(
    struct pass *pass, const struct request *request, uint32_t index, bool leaves)
{
	const struct cohort_facts *named = &pass->batch->cohorts[index];
	const struct cohort_facts *cohort = &pass->batch->cohorts[named->same];
	const char *refused_by = may_refuse_cohort(&pass->batch->policy->may, named);
	if (refused_by)
		request_refuse(pass, request, request->column, refused_by,
		    arena_print(pass->batch->arena, "This feed reaches no cohort '%.*s'",
		        SLICE_ARG(named->text)));
	else if (request_lacks(
	             pass, request, request->column, named->text, DEED_BIT(DEED_SEE_COHORT)) ||
	         cohort_is_ambiguous(pass, request, named) ||
	         cohort_is_missing(pass, request, cohort, leaves))
		return true;
	else if (cohort->is_external)
		request_error(pass, request, request->column, CODE_COHORT_EXTERNAL,
		    SLICE("Another component keeps this cohort's members: change them there."));
	else
		return false;
	return true;
}

void cohort_decide(struct pass *pass, const struct request *request)
{
	bool leaves;
	uint32_t target = request_cohort(pass->batch, request, &leaves);
	struct cohort_facts *cohort = &pass->batch->cohorts[target];
	bool is_missing = cohort->id == 0;
	if (leaves) {
		bool is_refused = taking_is_refused(pass, request, request->column) ||
		                  cohort_error(pass, request, request->left, true);
		if (!is_refused)
			cohort_quit(pass, request, target);
		return;
	}
	if (cohort_error(pass, request, request->target, false) ||
	    join_lacks(pass, request, request->column, PERSON_IN_COHORT, target))
		return;
	if (is_missing && request_has_stray(pass, request, request->column))
		return;
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	if (is_missing)
		cohort_make(pass, cohort, target);
	bool joins = join(pass, request, PERSON_IN_COHORT, target);
	struct outcome *outcome =
	    request_answer(pass, request, request->column, joins ? OUTCOME_DONE : OUTCOME_UNCHANGED,
	        is_missing ? CODE_COHORT_CREATED
	        : joins    ? CODE_COHORT_JOINED
	                   : CODE_ALREADY_IN_COHORT,
	        pass->batch->cohorts[request->target].text,
	        is_missing ? SLICE("The cohort was made, and joined.")
	        : joins    ? SLICE("Joined the cohort.")
	                   : SLICE("Is in the cohort already."));
	outcome->before = joins ? SLICE("") : SLICE("member=1");
	outcome->after = SLICE("member=1");
	attempt_end(pass, &attempt, outcome, LIMITED_NOT);
}

/* ---- groups ---- */

static void group_make(struct pass *pass, struct group_facts *group, uint32_t target)
{
	static const struct group_change plain = {.description = {"", 0}};
	fact_keep(pass, group, sizeof *group);
	group->id = ID_PLANNED;
	group->matches = 1;
	change_add(pass, (struct change){.kind = CHANGE_CREATE_GROUP,
	                     .person = INDEX_NONE,
	                     .target = target,
	                     .group = &plain});
}

bool group_is_one(struct pass *pass, const struct request *request, uint32_t column,
    const struct group_facts *group)
{
	if (group->matches <= 1)
		return true;
	if (!group->has_spares) {
		request_error(pass, request, column, CODE_GROUP_AMBIGUOUS,
		    arena_print(pass->batch->arena,
		        "%u groups of the course have this name: give them different ones in the "
		        "LMS.",
		        group->matches));
		return false;
	}
	request_answer(pass, request, column, OUTCOME_WARNING, CODE_GROUP_AMBIGUOUS, group->text,
	    arena_print(pass->batch->arena,
	        "%u groups of the course have this name: the oldest was taken, as nobody is in %s; "
	        "delete %s in the LMS.",
	        group->matches, group->matches == 2 ? "the other" : "the others",
	        group->matches == 2 ? "that one" : "those"));
	return true;
}

void group_decide(struct pass *pass, const struct request *request, bool may_join)
{
	bool leaves;
	uint32_t target = request_group(pass->batch, request, &leaves);
	struct group_facts *group = &pass->batch->groups[target];
	struct slice course = pass->batch->course_keys[request->course].text;
	if (leaves && taking_is_refused(pass, request, request->group_column))
		return;
	if (!may_join) {
		request_answer(pass, request, request->group_column, OUTCOME_SKIPPED,
		    CODE_ROW_NOT_APPLIED, group->text,
		    SLICE("Not attempted: the person is not in the course."));
		return;
	}
	if (!group_is_one(pass, request, request->group_column, group))
		return;
	bool is_missing = group->id == 0;
	if (request_lacks(
	        pass, request, request->group_column, group->text, DEED_BIT(DEED_SEE_GROUP)))
		return;
	if (leaves) {
		group_quit(pass, request, target);
		return;
	}
	if (is_missing && !pass->batch->policy->may.create_groups) {
		request_error(pass, request, request->group_column, CODE_GROUP_NOT_FOUND,
		    missing_message(pass->batch->arena, "group", group->text, group->nearest,
		        ", or let the feed make it (may.create.groups)"));
		return;
	}
	if (join_lacks(pass, request, request->group_column, PERSON_IN_GROUP, target))
		return;
	if (is_missing && request_has_stray(pass, request, request->group_column))
		return;
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	if (is_missing)
		group_make(pass, group, target);
	bool joins = join(pass, request, PERSON_IN_GROUP, target);
	struct outcome *outcome = request_answer(pass, request, request->group_column,
	    joins ? OUTCOME_DONE : OUTCOME_UNCHANGED,
	    is_missing ? CODE_GROUP_CREATED
	    : joins    ? CODE_GROUP_JOINED
	               : CODE_ALREADY_IN_GROUP,
	    pass->batch->groups[request->group].text,
	    is_missing ? group_message(pass, SLICE("The group was made, and joined"))
	    : joins    ? group_message(pass, SLICE("Joined the group"))
	               : SLICE("Is in the group already."));
	struct slice after = member_state(pass, course);
	outcome->before = joins ? SLICE("") : after;
	outcome->after = after;
	attempt_end(pass, &attempt, outcome, LIMITED_NOT);
}

/* ---- roles in the site and in categories ---- */

/* Nothing else of the answer's row names the category. */
static struct slice roles_state(const struct pass *pass, const struct enrolment_facts *is,
    const struct category_facts *category)
{
	struct arena *arena = pass->batch->arena;
	if (is->roles_count == 0)
		return SLICE("");
	struct slice names = roles_describe(is, pass->batch->site, arena);
	if (!category)
		return arena_print(arena, "roles=%.*s", SLICE_ARG(names));
	return arena_print(arena, "category=%.*s;roles=%.*s",
	    SLICE_ARG(described_escape(category->idnumber, arena)), SLICE_ARG(names));
}

static void role_decide(struct pass *pass, const struct request *request, uint32_t place, int level)
{
	struct batch *batch = pass->batch;
	bool is_new;
	const struct role_facts *role = role_find(batch->site, request->role, level);
	struct slice cell = record_cell(&batch->records[request->record], request->column);
	if (!role) {
		request_error(pass, request, request->role_column, CODE_ROLE_NOT_FOUND,
		    arena_print(batch->arena,
		        "No role '%.*s' can be given %s: use a role's short name or id.",
		        SLICE_ARG(request->role),
		        level == LEVEL_SYSTEM ? "in the whole site" : "in categories"));
		return;
	}
	if (role_is_refused(pass, request, request->role_column, role, level))
		return;
	if (level == LEVEL_CATEGORY && request->removes_role &&
	    taking_is_refused(pass, request, request->column))
		return;
	uint32_t enrolment = batch_enrolment(batch, person_of(pass, request), place, &is_new);
	if (arena_has_failed(batch->arena))
		return;
	const struct enrolment_facts *is = &batch->enrolments[enrolment];
	const struct category_facts *category =
	    level == LEVEL_CATEGORY ? &batch->categories[place - PLACE_CATEGORY] : NULL;
	struct slice before = roles_state(pass, is, category);
	bool has = has_role(is, role->id), moves = has == request->removes_role;
	if (request->removes_role && !has && has_owned_role(is, role->id)) {
		request_error(pass, request, request->column, CODE_OWNED_ELSEWHERE,
		    SLICE("A component of Moodle's has given this role: take it away there."));
		return;
	}
	if (moves && request_lacks(pass, request, request->column, cell,
	                 DEED_BIT(has ? DEED_UNASSIGN_ROLE : DEED_ASSIGN_ROLE)))
		return;
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	if (moves && has)
		role_remove(pass, enrolment, role->id);
	else if (moves)
		role_assign(pass, enrolment, role->id);
	enum code code = request->removes_role
	                     ? (moves ? CODE_ROLE_REMOVED : CODE_NOT_ASSIGNED)
	                     : (moves ? CODE_ROLE_ASSIGNED : CODE_ALREADY_ASSIGNED);
	struct outcome *outcome = request_answer(pass, request, request->column,
	    moves ? OUTCOME_DONE : OUTCOME_UNCHANGED, code, cell,
	    !moves                  ? SLICE("It was so already.")
	    : request->removes_role ? SLICE("The role was taken away.")
	                            : SLICE("The role was given."));
	outcome->before = before;
	outcome->after = roles_state(pass, is, category);
	attempt_end(pass, &attempt, outcome, request->removes_role ? LIMITED_BY_CELL : LIMITED_NOT);
}

void system_role_decide(struct pass *pass, const struct request *request)
{
	role_decide(pass, request, PLACE_SYSTEM, LEVEL_SYSTEM);
}

static bool category_error(struct pass *pass, const struct request *request)
{
	struct arena *arena = pass->batch->arena;
	if (request->target == INDEX_NONE) {
		request_error(pass, request, request->column, CODE_CATEGORY_NOT_FOUND,
		    SLICE("The row names no category for this role: fill in its idnumber."));
		return true;
	}
	const struct category_facts *category = &pass->batch->categories[request->target];
	if (request_lacks(
	        pass, request, request->column, category->idnumber, DEED_BIT(DEED_SEE_CATEGORY)))
		return true;
	const char *refused_by = may_refuse_category(&pass->batch->policy->may, category);
	if (refused_by)
		request_refuse(pass, request, request->column, refused_by,
		    arena_print(arena, "This feed reaches no category '%.*s'",
		        SLICE_ARG(category->idnumber)));
	else if (category->matches == 0 || category->context == 0)
		request_error(pass, request, request->column, CODE_CATEGORY_NOT_FOUND,
		    arena_print(arena, "No category has the idnumber '%.*s': correct it.",
		        SLICE_ARG(category->idnumber)));
	else if (category->matches > 1)
		request_error(pass, request, request->column, CODE_CATEGORY_AMBIGUOUS,
		    arena_print(arena,
		        "%u categories have the idnumber '%.*s': give them different ones.",
		        category->matches, SLICE_ARG(category->idnumber)));
	else if (request->role.size == 0)
		request_error(pass, request, request->column, CODE_ROLE_NOT_FOUND,
		    SLICE("The row names no role for this category: fill it in."));
	else
		return false;
	return true;
}

void category_role_decide(struct pass *pass, const struct request *request)
{
	const struct role_facts *role = role_find(pass->batch->site, request->role, LEVEL_CATEGORY);
	/* The role first: a feed that may give none learns nothing of categories. */
	if (role && role_is_refused(pass, request, request->role_column, role, LEVEL_CATEGORY))
		return;
	if (!category_error(pass, request))
		role_decide(pass, request, PLACE_CATEGORY | request->target, LEVEL_CATEGORY);
}
