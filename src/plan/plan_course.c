/*
 * plan_course: a course cell with its modifiers: who is to be in which course, as what, from when
 * until when. Rules: enrold.csv(5), lms/README 4.1-4.4.
 */
#include "day.h"
#include "pass.h"

#include "enrold/buffer.h"
#include "enrold/may.h"

#include <assert.h>

static void request_error(struct pass *pass, const struct request *request, uint32_t column,
    enum code code, struct slice message)
{
	request_answer(pass, request, column, OUTCOME_ERROR, code,
	    pass->batch->course_keys[request->course].text, message);
}

/* What the patterns do not speak of may be another department's. */
bool course_is_hinted(const struct pass *pass, const struct request *request)
{
	const struct policy *policy = pass->batch->policy;
	struct slice nearest = pass->batch->courses[request->course].nearest;
	return nearest.size > 0 &&
	       pass->batch->course_keys[request->course].by == policy->course_by &&
	       may_fits(&policy->may.courses, nearest);
}

static bool course_error(struct pass *pass, const struct request *request)
{
	struct arena *arena = pass->batch->arena;
	const struct course_facts *course = &pass->batch->courses[request->course];
	const struct course_key *key = &pass->batch->course_keys[request->course];
	const char *called = key->by == COURSE_BY_SHORTNAME ? "short name" : "idnumber";
	struct slice name = key->text;
	enum code code;
	struct slice message;
	if (course->refused_by) {
		request_refuse(pass, request, request->column, course->refused_by,
		    arena_print(arena, "This feed reaches no course '%.*s'", SLICE_ARG(name)));
		return true;
	}
	if (course->matches == 0) {
		code = CODE_COURSE_NOT_FOUND;
		message = course_is_hinted(pass, request)
		              ? arena_print(arena, "No course has the %s '%.*s': is '%.*s' meant?",
		                    called, SLICE_ARG(name), SLICE_ARG(course->nearest))
		              : arena_print(arena, "No course has the %s '%.*s': correct it.",
		                    called, SLICE_ARG(name));
	} else if (course->matches > 1) {
		code = CODE_COURSE_AMBIGUOUS;
		message = arena_print(arena,
		    "%u courses have the %s '%.*s': give them different ones in the LMS.",
		    course->matches, called, SLICE_ARG(name));
	} else if (course->context == 0) {
		code = CODE_NO_COURSE_CONTEXT;
		message = SLICE("The course has no context row: open it once in the LMS.");
	} else {
		return false;
	}
	request_error(pass, request, request->column, code, message);
	return true;
}

static const struct role_facts *role_by_default(
    const struct site_facts *site, const struct course_facts *course)
{
	const struct role_facts *role = role_by_id(site, course->enrol_role);
	return role && role->in_courses ? role : NULL;
}

static const struct role_facts *request_role(struct pass *pass, const struct request *request)
{
	const struct batch *batch = pass->batch;
	const struct course_facts *course = &batch->courses[request->course];
	const struct role_facts *role = request->role.size > 0
	                                    ? role_find(batch->site, request->role, LEVEL_COURSE)
	                                    : role_by_default(batch->site, course);
	uint32_t column = request->role.size > 0 ? request->role_column : request->column;
	if (role)
		return role_is_refused(pass, request, column, role, LEVEL_COURSE) ? NULL : role;
	if (request->role.size == 0)
		request_error(pass, request, request->column, CODE_ROLE_NOT_FOUND,
		    SLICE("The course's manual enrolment has no usable default role: name one in a "
		          "role "
		          "column."));
	else
		request_error(pass, request, request->role_column, CODE_ROLE_NOT_FOUND,
		    arena_print(batch->arena,
		        "No role '%.*s' can be given in courses: use a role's short name or id.",
		        SLICE_ARG(request->role)));
	return NULL;
}

/* The row says when it ends, and not before it starts: that would count for nothing. */
static bool gives_end(const struct request *request, int64_t start)
{
	return request->has_end && (request->end == 0 || request->end >= start);
}

static int64_t end_of(
    int64_t start, const struct request *request, const struct course_facts *course)
{
	if (gives_end(request, start))
		return request->end;
	int64_t period = request->has_period ? request->period : course->enrol_period;
	return period > 0 ? start + period : 0;
}

/* What status and times should be: lms/README 4.4, and existing_enrolment in enrold.yaml(5). */
static struct change enrolment_wanted(
    const struct pass *pass, const struct request *request, uint32_t enrolment)
{
	const struct course_facts *course = &pass->batch->courses[request->course];
	const struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	bool is_new = is->id == 0;
	bool keep = !is_new && pass->batch->policy->existing_enrolment == EXISTING_KEEP;
	int64_t start = request->has_start ? request->start : keep ? is->timestart : pass->today;
	bool moves_end = !keep || request->asks_period || gives_end(request, start);
	return (struct change){
	    .kind = is_new ? CHANGE_ENROL : CHANGE_ENROLMENT,
	    .person = is->person,
	    .enrolment = enrolment,
	    .status = request->has_status       ? request->status
	              : is_new || is->is_absent ? ENROLMENT_ACTIVE
	                                        : is->status,
	    .timestart = start,
	    .timeend = moves_end ? end_of(start, request, course) : is->timeend,
	};
}

/* Makes it so; returns what that was. */
static enum code enrolment_decide(
    struct pass *pass, const struct request *request, uint32_t enrolment, int64_t role)
{
	struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	struct change wanted = enrolment_wanted(pass, request, enrolment);
	bool is_new = is->id == 0;
	bool returns = is->is_absent && wanted.status == ENROLMENT_ACTIVE;
	bool differs = is_new || is->status != wanted.status || is->timestart != wanted.timestart ||
	               is->timeend != wanted.timeend;
	if (differs) {
		enrolment_keep(pass, is);
		change_add(pass, wanted);
		is->is_absent = false;
		is->id = is_new ? ENROLMENT_PLANNED : is->id;
		is->status = wanted.status;
		is->timestart = wanted.timestart;
		is->timeend = wanted.timeend;
	}
	bool gets_role = !has_role(is, role);
	if (gets_role)
		role_assign(pass, enrolment, role);
	if (differs)
		return is_new ? CODE_ENROLLED : returns ? CODE_RETURNED : CODE_ENROLMENT_UPDATED;
	if (gets_role)
		return CODE_ROLE_ASSIGNED;
	if (is->status != ENROLMENT_ACTIVE && !request->has_status)
		return is->is_kept ? CODE_KEPT_MANUAL : CODE_ENROLMENT_SUSPENDED;
	return is->timeend != 0 && is->timeend <= pass->now ? CODE_ENROLMENT_EXPIRED
	                                                    : CODE_ALREADY_ENROLLED;
}

/* What enrolment_decide is going to do. */
static deed_set enrolment_deeds(
    const struct pass *pass, const struct request *request, uint32_t enrolment, int64_t role)
{
	const struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	const struct change wanted = enrolment_wanted(pass, request, enrolment);
	bool differs = is->status != wanted.status || is->timestart != wanted.timestart ||
	               is->timeend != wanted.timeend;
	deed_set deeds = has_role(is, role) ? 0 : DEED_BIT(DEED_ASSIGN_ROLE);
	if (is->id == 0)
		deeds |= DEED_BIT(DEED_ENROL);
	else if (differs)
		deeds |= DEED_BIT(DEED_CHANGE_ENROLMENT);
	return deeds;
}

/* ---- before and after ---- */

static struct slice state_text(const struct pass *pass, const struct enrolment_facts *is)
{
	return enrolment_describe(is, pass->batch->site, pass->batch->arena);
}

static struct slice decided_message(
    const struct pass *pass, const struct request *request, enum code code)
{
	static const char *const messages[CODES] = {
	    [CODE_ENROLLED] = "Enrolled.",
	    [CODE_ENROLMENT_UPDATED] = "Status or dates changed.",
	    [CODE_RETURNED] = "Listed again: what absence had suspended is active.",
	    [CODE_KEPT_MANUAL] =
	        ("Stays suspended: absence did that once, and somebody has changed "
	         "it since."),
	    [CODE_ROLE_ASSIGNED] = "Was enrolled already; the role was added.",
	    [CODE_ALREADY_ENROLLED] = "All of it was so already.",
	};
	if (messages[code])
		return slice_of(messages[code]);
	const struct header *header = pass->batch->header;
	struct slice number = header->slots[header->columns[request->column].slot].number;
	if (code == CODE_ENROLMENT_SUSPENDED)
		return arena_print(pass->batch->arena,
		    "Is enrolled but suspended in this course: 0 in enrolstatus%.*s activates.",
		    SLICE_ARG(number));
	return arena_print(pass->batch->arena,
	    "Is enrolled but the enrolment has ended: enroltimestart%.*s and enrolperiod%.*s give "
	    "new "
	    "dates.",
	    SLICE_ARG(number), SLICE_ARG(number));
}

/* The front page: a role and nothing else (lms/README 4.3). */
static void front_page_decide(struct pass *pass, const struct request *request, uint32_t enrolment)
{
	struct batch *batch = pass->batch;
	const struct enrolment_facts *is = &batch->enrolments[enrolment];
	struct slice name = batch->course_keys[request->course].text;
	if (request->role.size == 0) {
		request_error(pass, request, request->column, CODE_ROLE_NOT_FOUND,
		    SLICE("Nobody is enrolled into the front page: name a role for it."));
		return;
	}
	const struct role_facts *role = request_role(pass, request);
	if (!role)
		return;
	struct slice before = state_text(pass, is);
	bool has = has_role(is, role->id);
	if (!has && request_lacks(pass, request, request->column, name, DEED_BIT(DEED_ASSIGN_ROLE)))
		return;
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	if (!has)
		role_assign(pass, enrolment, role->id);
	struct outcome *outcome =
	    request_answer(pass, request, request->column, has ? OUTCOME_UNCHANGED : OUTCOME_DONE,
	        has ? CODE_ALREADY_ASSIGNED : CODE_ROLE_ASSIGNED, name,
	        has ? SLICE("Has the role on the front page already.")
	            : SLICE("The role on the front page was given."));
	outcome->before = before;
	outcome->after = state_text(pass, is);
	attempt_end(pass, &attempt, outcome, LIMITED_NOT);
}

/* No manual enrolment is possible; somebody who is in the course by another method may join its
 * groups. */
static bool instance_error(
    struct pass *pass, const struct request *request, uint32_t enrolment, bool *may_join)
{
	const struct course_facts *course = &pass->batch->courses[request->course];
	const struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	if (course->enrol != 0 && pass->batch->site->manual_enabled)
		return false;
	*may_join = is->is_any || is->id != 0;
	request_error(pass, request, request->column, CODE_NO_ENROL_INSTANCE,
	    pass->batch->site->manual_enabled
	        ? SLICE("The course has no manual enrolment method: add it to the course.")
	        : SLICE("Manual enrolment is switched off for the whole site: enable it."));
	return true;
}

/* Whether it lets somebody in for less than before: not at all, later, or not as long. */
static bool narrows(const struct enrolment_facts *is, const struct change *wanted, int64_t now)
{
	bool suspends = is->status == ENROLMENT_ACTIVE && wanted->status != ENROLMENT_ACTIVE;
	bool starts_later = wanted->timestart > is->timestart && wanted->timestart > now;
	bool ends_earlier =
	    wanted->timeend != 0 && (is->timeend == 0 || wanted->timeend < is->timeend);
	return suspends || starts_later || ends_earlier;
}

static bool is_open(int64_t status, int64_t timeend, int64_t now)
{
	return status == ENROLMENT_ACTIVE && (timeend == 0 || timeend > now);
}

/* It takes an enrolment away from somebody who has one, by its status or its end. */
static enum limited enrolment_limited(
    const struct pass *pass, const struct request *request, uint32_t enrolment)
{
	const struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	struct change wanted = enrolment_wanted(pass, request, enrolment);
	bool ends = is->id != 0 && is_open(is->status, is->timeend, pass->now) &&
	            !is_open(wanted.status, wanted.timeend, pass->now);
	return ends ? LIMITED_BY_CELL : LIMITED_NOT;
}

/* A feed shuts nobody out, now or later, who holds a role that it may not give. */
static bool shutting_out_is_refused(
    struct pass *pass, const struct request *request, uint32_t enrolment)
{
	const struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	if (is->id == 0)
		return false;
	struct change wanted = enrolment_wanted(pass, request, enrolment);
	const struct role_facts *role =
	    narrows(is, &wanted, pass->now) ? role_beyond(pass, is) : NULL;
	if (role)
		request_refuse(pass, request, request->column, "may.roles",
		    arena_print(pass->batch->arena,
		        "This feed may not shut out somebody who has the role '%.*s' there",
		        SLICE_ARG(role->shortname)));
	return role != NULL;
}

/* ---- what was done and lets nobody in all the same ---- */

/* The column that gave the end, else the one that gave the start, else the course's. */
static uint32_t dates_column(const struct pass *pass, const struct request *request)
{
	const struct header *header = pass->batch->header;
	const struct header_slot *slot = &header->slots[header->columns[request->column].slot];
	return request->has_end       ? header_slot_column(slot, COLUMN_ENROLTIMEEND)
	       : request->asks_period ? header_slot_column(slot, COLUMN_ENROLPERIOD)
	       : request->has_start   ? header_slot_column(slot, COLUMN_ENROLTIMESTART)
	                              : request->column;
}

static void ended_tell(
    struct pass *pass, const struct request *request, const struct enrolment_facts *is)
{
	struct arena *arena = pass->batch->arena;
	const struct header *header = pass->batch->header;
	struct slice number = header->slots[header->columns[request->column].slot].number;
	struct slice start = day_text(arena, is->timestart), end = day_text(arena, is->timeend);
	struct slice what =
	    is->timeend <= is->timestart
	        ? arena_print(arena, "The enrolment ends on %.*s, before it starts on %.*s",
	              SLICE_ARG(end), SLICE_ARG(start))
	        : arena_print(arena, "The enrolment, from %.*s, ended on %.*s already",
	              SLICE_ARG(start), SLICE_ARG(end));
	request_answer(pass, request, dates_column(pass, request), OUTCOME_WARNING,
	    CODE_ENROLMENT_EXPIRED, pass->batch->course_keys[request->course].text,
	    arena_print(arena,
	        "%.*s: for a new one give both enroltimestart%.*s and enrolperiod%.*s or "
	        "enroltimeend%.*s.",
	        SLICE_ARG(what), SLICE_ARG(number), SLICE_ARG(number), SLICE_ARG(number)));
}

static void idle_enrolment_tell(
    struct pass *pass, const struct request *request, const struct enrolment_facts *is)
{
	const struct header *header = pass->batch->header;
	struct slice number = header->slots[header->columns[request->column].slot].number;
	if (is->timeend != 0 && (is->timeend <= pass->now || is->timeend <= is->timestart))
		ended_tell(pass, request, is);
	if (is->status != ENROLMENT_ACTIVE && !request->has_status)
		request_answer(pass, request, request->column, OUTCOME_WARNING,
		    CODE_ENROLMENT_SUSPENDED, pass->batch->course_keys[request->course].text,
		    arena_print(pass->batch->arena,
		        "The enrolment is still suspended: 0 in enrolstatus%.*s activates it.",
		        SLICE_ARG(number)));
}

/* An end before the start is an error, or, in a feed that ignores bad values, a warning. */
static bool early_end_error(struct pass *pass, const struct request *request, uint32_t enrolment)
{
	if (!request->has_end)
		return false;
	const struct header *header = pass->batch->header;
	const struct header_slot *slot = &header->slots[header->columns[request->column].slot];
	int64_t start = enrolment_wanted(pass, request, enrolment).timestart;
	bool ignores = pass->batch->policy->invalid_values == INVALID_IGNORE;
	struct arena *arena = pass->batch->arena;
	if (gives_end(request, start))
		return false;
	request_answer(pass, request, header_slot_column(slot, COLUMN_ENROLTIMEEND),
	    ignores ? OUTCOME_WARNING : OUTCOME_ERROR, CODE_INVALID_VALUE,
	    pass->batch->course_keys[request->course].text,
	    arena_print(arena, "The enrolment starts on %.*s, and this is before: %s.",
	        SLICE_ARG(day_text(arena, start)), ignores ? "it was left out" : "correct it"));
	return !ignores;
}

static bool enrolment_answer(struct pass *pass, const struct request *request, uint32_t enrolment)
{
	if (early_end_error(pass, request, enrolment))
		return false;
	const struct role_facts *role = request_role(pass, request);
	if (!role || shutting_out_is_refused(pass, request, enrolment))
		return false;
	const struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	struct slice name = pass->batch->course_keys[request->course].text;
	if (pass->batch->site->lacks != 0 &&
	    request_lacks(pass, request, request->column, name,
	        enrolment_deeds(pass, request, enrolment, role->id)))
		return is->is_any || is->id != 0;
	struct slice before = state_text(pass, is);
	enum limited limited = enrolment_limited(pass, request, enrolment);
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	enum code code = enrolment_decide(pass, request, enrolment, role->id);
	bool is_done = pass->changes_count > attempt.changes;
	if (is_done)
		idle_enrolment_tell(pass, request, is);
	struct outcome *outcome = request_answer(pass, request, request->column,
	    is_done ? OUTCOME_DONE : OUTCOME_UNCHANGED, code, name,
	    decided_message(pass, request, code));
	outcome->before = before;
	outcome->after = is_done ? state_text(pass, is) : before;
	return attempt_end(pass, &attempt, outcome, limited) || is->is_any || is->id != 0;
}

/* "-Red" and nothing else: nobody is enrolled, or changed, by a group that is to be left. */
static bool only_quits_group(const struct pass *pass, const struct request *request)
{
	bool leaves = false;
	if (request->group != INDEX_NONE)
		request_group(pass->batch, request, &leaves);
	return leaves && !request->asks_entry;
}

static bool course_take(struct pass *pass, const struct request *request, uint32_t enrolment)
{
	uint32_t column = request->unenrols ? request->column : request->role_column;
	if (taking_is_refused(pass, request, column))
		return false;
	if (request->removes_role)
		return course_role_remove(pass, request, enrolment);
	unenrol_decide(pass, request, enrolment);
	return false;
}

/* Whether the person is in the course now. */
static bool course_enter(struct pass *pass, const struct request *request)
{
	bool is_new, may_join = false;
	if (course_error(pass, request) || modifier_error(pass, request))
		return false;
	uint32_t enrolment = batch_enrolment(
	    pass->batch, pass->batch->records[request->record].person, request->course, &is_new);
	if (arena_has_failed(pass->batch->arena))
		return false;
	if (request->unenrols || request->removes_role)
		return course_take(pass, request, enrolment);
	if (only_quits_group(pass, request))
		return true;
	if (pass->batch->courses[request->course].is_site) {
		front_page_decide(pass, request, enrolment);
		front_page_tell(pass, request);
		return false;
	}
	if (instance_error(pass, request, enrolment, &may_join))
		return may_join;
	return enrolment_answer(pass, request, enrolment);
}

void course_decide(struct pass *pass, const struct request *request)
{
	size_t outcomes = pass->outcomes_count;
	bool may_join = !request_word_is_unknown(pass, request) && course_enter(pass, request);
	type_tell(pass, request);
	if (pass->outcomes_count > outcomes &&
	    pass->outcomes[pass->outcomes_count - 1].kind <= OUTCOME_UNCHANGED)
		ignored_tell(pass, request);
	if (request->group_column != COLUMN_NONE && !group_word_is_unknown(pass, request))
		group_decide(pass, request, may_join);
}
