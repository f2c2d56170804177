/*
 * plan_leave: who is taken out of a course, by a cell or by absence, and who loses a role in one.
 * Only the manual enrolment is ours; what a component of Moodle's keeps, it would make again. The
 * facts are moved to what is left then. Rules: enrold.csv(5), lms/README 10.
 */
#include "pass.h"

static const struct enrolment_facts *facts_of(const struct pass *pass, uint32_t enrolment)
{
	return &pass->batch->enrolments[enrolment];
}

/* ---- one enrolment ---- */

static deed_set deeds_of(const struct enrolment_facts *is, enum policy_removal how)
{
	if (how == REMOVAL_UNENROL)
		return DEED_BIT(DEED_UNENROL);
	deed_set deeds = is->status == ENROLMENT_ACTIVE ? DEED_BIT(DEED_CHANGE_ENROLMENT) : 0;
	if (how == REMOVAL_SUSPEND_NO_ROLES && is->leaving.has_roles)
		deeds |= DEED_BIT(DEED_UNASSIGN_ROLE);
	return deeds;
}

static bool is_left_already(const struct enrolment_facts *is, enum policy_removal how)
{
	return how != REMOVAL_UNENROL && is->status != ENROLMENT_ACTIVE &&
	       !(how == REMOVAL_SUSPEND_NO_ROLES && is->leaving.has_roles);
}

/* CODES: nothing keeps it. */
static enum code hindrance(
    const struct pass *pass, const struct enrolment_facts *is, enum policy_removal how)
{
	if (is->id == 0)
		return is->leaving.others.size > 0 ? CODE_ENROLLED_OTHERWISE : CODE_NOT_ENROLLED;
	if (is_left_already(is, how))
		return CODE_UNENROL_SUSPENDED;
	if (role_beyond(pass, is))
		return CODE_NOT_ALLOWED;
	if (how == REMOVAL_UNENROL && is->leaving.has_history &&
	    !pass->batch->policy->purge_history)
		return CODE_HAS_HISTORY;
	return deed_lacked(pass, deeds_of(is, how)) != DEEDS ? CODE_NO_RIGHT : CODES;
}

static void roles_drop(struct pass *pass, uint32_t enrolment)
{
	struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	change_add(
	    pass, (struct change){
	              .kind = CHANGE_UNASSIGN_ALL, .person = is->person, .enrolment = enrolment});
	is->roles_count = 0;
	is->leaving.has_roles = false;
}

static void suspend(struct pass *pass, uint32_t enrolment)
{
	struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	is->status = ENROLMENT_SUSPENDED;
	change_add(pass, (struct change){.kind = CHANGE_ENROLMENT,
	                     .person = is->person,
	                     .enrolment = enrolment,
	                     .status = is->status,
	                     .timestart = is->timestart,
	                     .timeend = is->timeend});
}

/* With the last enrolment all that the person has in the course goes; else nothing else does. */
static void unenrol(struct pass *pass, uint32_t enrolment)
{
	struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	bool is_last = is->leaving.others.size == 0;
	change_add(pass,
	    (struct change){.kind = CHANGE_UNENROL, .person = is->person, .enrolment = enrolment});
	is->id = 0;
	is->status = ENROLMENT_ACTIVE;
	is->timestart = is->timeend = 0;
	is->is_any = !is_last;
	is->leaving.has_history = false;
	is->leaving.modified = 0;
	if (!is_last)
		return;
	is->era++;
	is->roles_count = 0;
	is->leaving.has_roles = false;
	is->leaving.owned_roles_count = 0;
}

enum code leave_decide(struct pass *pass, uint32_t enrolment, enum policy_removal how, bool *moves)
{
	const struct enrolment_facts *is = facts_of(pass, enrolment);
	enum code code = hindrance(pass, is, how);
	*moves = code == CODES;
	if (!*moves)
		return code;
	enrolment_keep(pass, &pass->batch->enrolments[enrolment]);
	if (how == REMOVAL_UNENROL) {
		unenrol(pass, enrolment);
		return CODE_UNENROLLED;
	}
	if (how == REMOVAL_SUSPEND_NO_ROLES && is->leaving.has_roles)
		roles_drop(pass, enrolment);
	if (is->status == ENROLMENT_ACTIVE)
		suspend(pass, enrolment);
	return CODE_UNENROL_SUSPENDED;
}

/* ---- what to say of it ---- */

static struct slice suspended_message(const struct pass *pass, enum policy_removal how, bool moves)
{
	bool keeps = how == REMOVAL_SUSPEND;
	return arena_print(pass->batch->arena, "%s, not unenrolled: the feed's removal is %s.",
	    !moves  ? "Is suspended already"
	    : keeps ? "Suspended"
	            : "Suspended without roles",
	    keeps ? "suspend" : "suspend_no_roles");
}

struct slice leave_message(const struct pass *pass, uint32_t enrolment, enum policy_removal how,
    enum code code, bool moves)
{
	const struct enrolment_facts *is = facts_of(pass, enrolment);
	struct arena *arena = pass->batch->arena;
	if (code == CODE_UNENROLLED)
		return SLICE("Unenrolled.");
	if (code == CODE_UNENROL_SUSPENDED)
		return suspended_message(pass, how, moves);
	if (code == CODE_ENROLLED_OTHERWISE)
		return arena_print(arena,
		    "Is in the course by another method (%.*s), and only manual enrolments are "
		    "ours: take the person out there.",
		    SLICE_ARG(is->leaving.others));
	if (code == CODE_NOT_ALLOWED)
		return arena_print(arena,
		    "This feed may not shut out somebody who has the role '%.*s' there "
		    "(may.roles): correct the row, or widen that setting of the feed.",
		    SLICE_ARG(role_beyond(pass, is)->shortname));
	if (code == CODE_HAS_HISTORY)
		return SLICE("Grades of the person would be deleted: suspend (the feed's removal), "
		             "or set purge_history.");
	if (code == CODE_NO_RIGHT)
		return deed_message(pass, deed_lacked(pass, deeds_of(is, how)));
	return SLICE("Is not enrolled in the course.");
}

struct slice left_state(
    const struct pass *pass, enum code code, bool had_history, struct slice before)
{
	return code == CODE_UNENROLLED && had_history
	           ? arena_print(pass->batch->arena, "%.*s;history=1", SLICE_ARG(before))
	           : before;
}

/* ---- unenrolN ---- */

static struct slice state_text(const struct pass *pass, uint32_t enrolment)
{
	return enrolment_describe(facts_of(pass, enrolment), pass->batch->site, pass->batch->arena);
}

static void remaining_tell(struct pass *pass, const struct request *request, uint32_t enrolment)
{
	struct slice others = facts_of(pass, enrolment)->leaving.others;
	if (others.size > 0)
		request_answer(pass, request, request->column, OUTCOME_WARNING,
		    CODE_ENROLLED_OTHERWISE, pass->batch->course_keys[request->course].text,
		    arena_print(pass->batch->arena, "Stays in the course by another method: %.*s.",
		        SLICE_ARG(others)));
}

static bool is_hindered(enum code code)
{
	return code == CODE_ENROLLED_OTHERWISE || code == CODE_NOT_ALLOWED ||
	       code == CODE_HAS_HISTORY || code == CODE_NO_RIGHT;
}

void unenrol_decide(struct pass *pass, const struct request *request, uint32_t enrolment)
{
	bool moves;
	enum policy_removal how = pass->batch->policy->removal;
	struct slice before = state_text(pass, enrolment);
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	bool had_history = facts_of(pass, enrolment)->leaving.has_history;
	enum code code = leave_decide(pass, enrolment, how, &moves);
	struct outcome *outcome = request_answer(pass, request, request->column,
	    moves               ? OUTCOME_DONE
	    : is_hindered(code) ? OUTCOME_ERROR
	                        : OUTCOME_UNCHANGED,
	    code, pass->batch->course_keys[request->course].text,
	    leave_message(pass, enrolment, how, code, moves));
	if (!is_hindered(code)) {
		outcome->before = left_state(pass, code, had_history, before);
		outcome->after = state_text(pass, enrolment);
	}
	bool stands = attempt_end(pass, &attempt, outcome, LIMITED_BY_CELL);
	pass->batch->requests[request - pass->batch->requests].is_withheld = !stands;
	if (is_hindered(code))
		return;
	if (moves && stands)
		remaining_tell(pass, request, enrolment);
	idle_modifiers_tell(pass, request, COLUMN_ROLE, COLUMN_GROUP,
	    "the row takes the person out of the course.");
}

/* ---- a role ---- */

static const struct role_facts *role_to_remove(struct pass *pass, const struct request *request)
{
	struct arena *arena = pass->batch->arena;
	const struct role_facts *role = role_find(pass->batch->site, request->role, LEVEL_COURSE);
	if (role)
		return role_is_refused(pass, request, request->role_column, role, LEVEL_COURSE)
		           ? NULL
		           : role;
	request_answer(pass, request, request->role_column, OUTCOME_ERROR, CODE_ROLE_NOT_FOUND,
	    pass->batch->course_keys[request->course].text,
	    arena_print(arena,
	        "No role '%.*s' can be taken away in courses: use a role's short "
	        "name or id.",
	        SLICE_ARG(request->role)));
	return NULL;
}

static struct outcome *role_answer(struct pass *pass, const struct request *request,
    enum outcome_kind kind, enum code code, const char *message)
{
	return request_answer(pass, request, request->column, kind, code,
	    pass->batch->course_keys[request->course].text, slice_of(message));
}

/* False: it was an error. */
static bool role_take(struct pass *pass, const struct request *request, uint32_t enrolment,
    const struct role_facts *role)
{
	const struct enrolment_facts *is = facts_of(pass, enrolment);
	struct slice before = state_text(pass, enrolment);
	struct slice course = pass->batch->course_keys[request->course].text;
	bool is_in = is->id != 0 || is->leaving.others.size > 0 ||
	             pass->batch->courses[request->course].is_site;
	struct outcome *outcome;
	bool has = has_role(is, role->id);
	if (has &&
	    request_lacks(pass, request, request->column, course, DEED_BIT(DEED_UNASSIGN_ROLE)))
		return false;
	if (!has && has_owned_role(is, role->id)) {
		role_answer(pass, request, OUTCOME_ERROR, CODE_OWNED_ELSEWHERE,
		    "A component of Moodle's has given this role: take it away there.");
		return false;
	}
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	if (has) {
		role_remove(pass, enrolment, role->id);
		outcome = role_answer(
		    pass, request, OUTCOME_DONE, CODE_ROLE_REMOVED, "The role was taken away.");
	} else if (is_in) {
		outcome = role_answer(pass, request, OUTCOME_UNCHANGED, CODE_NOT_ASSIGNED,
		    "Has not this role in the course.");
	} else {
		outcome = role_answer(pass, request, OUTCOME_UNCHANGED, CODE_NOT_ENROLLED,
		    "Is not enrolled in the course, and has not this role there.");
	}
	outcome->before = before;
	outcome->after = state_text(pass, enrolment);
	attempt_end(pass, &attempt, outcome, LIMITED_BY_CELL);
	return true;
}

bool course_role_remove(struct pass *pass, const struct request *request, uint32_t enrolment)
{
	const struct role_facts *role = role_to_remove(pass, request);
	if (role && role_take(pass, request, enrolment, role))
		idle_modifiers_tell(pass, request, COLUMN_ENROLSTATUS, COLUMN_ENROLTIMEEND,
		    "the row takes a role away, and enrols nobody.");
	const struct enrolment_facts *is = facts_of(pass, enrolment);
	bool is_site = pass->batch->courses[request->course].is_site;
	return !is_site && (is->id != 0 || is->leaving.others.size > 0);
}
