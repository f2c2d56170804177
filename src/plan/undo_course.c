/*
 * undo_course: an enrolment becomes what it was, and so do roles in a course, a category or the
 * whole site.
 */
#include "undo.h"

#include "enrold/list.h"
#include "enrold/may.h"
#include "enrold/value.h"

/* ---- how it stood, as the row says ---- */

struct standing {
	bool is_in;
	int64_t status, timestart, timeend;
	int64_t *roles;
	uint32_t roles_count;
	bool is_whole;        /* all roles are known */
	bool is_history_gone; /* grades went with it */
};

static int64_t number_of(const struct undoing *undoing, struct slice text, const char *name)
{
	struct slice value;
	int64_t number = 0;
	if (described_find(text, name, undoing->arena, &value))
		value_parse_whole(value, &number);
	return number;
}

static const struct role_facts *role_called(const struct site_facts *site, struct slice name)
{
	for (size_t i = 0; i < site->roles_count; i++)
		if (slice_is(site->roles[i].shortname, name))
			return &site->roles[i];
	return NULL;
}

static void roles_read(const struct undoing *undoing, struct slice text, struct standing *standing)
{
	struct slice names = SLICE(""), name;
	standing->is_whole = true;
	if (!described_find(text, "roles", undoing->arena, &names) || names.size == 0)
		return;
	standing->is_whole = !undo_is_cut(names);
	standing->roles = arena_alloc(undoing->arena, names.size * sizeof *standing->roles);
	while (standing->roles && list_next(&names, &name)) {
		const struct role_facts *role = role_called(undoing->batch->site, name);
		if (role)
			standing->roles[standing->roles_count++] = role->id;
		standing->is_whole &= role != NULL;
	}
}

static struct standing standing_read(const struct undoing *undoing, struct slice text)
{
	struct slice status;
	struct standing standing = {
	    .is_in = described_find(text, "status", undoing->arena, &status),
	    .status = number_of(undoing, text, "status"),
	    .timestart = number_of(undoing, text, "timestart"),
	    .timeend = number_of(undoing, text, "timeend"),
	    .is_history_gone = number_of(undoing, text, "history") != 0,
	};
	roles_read(undoing, text, &standing);
	return standing;
}

static bool stood_with(const struct standing *standing, int64_t role)
{
	for (uint32_t i = 0; i < standing->roles_count; i++)
		if (standing->roles[i] == role)
			return true;
	return false;
}

static bool has_roles_of(const struct enrolment_facts *is, const struct standing *standing)
{
	bool is_same = standing->is_whole && is->roles_count == standing->roles_count;
	for (uint32_t i = 0; i < standing->roles_count && is_same; i++)
		is_same = has_role(is, standing->roles[i]);
	return is_same;
}

static bool has_dates_of(const struct enrolment_facts *is, const struct standing *standing)
{
	return is->status == standing->status && is->timestart == standing->timestart &&
	       is->timeend == standing->timeend;
}

static bool stands_so(const struct enrolment_facts *is, const struct standing *standing)
{
	bool is_in = is->id != 0;
	return is_in == standing->is_in && (!is_in || has_dates_of(is, standing)) &&
	       has_roles_of(is, standing);
}

/* ---- roles ---- */

/* NULL: all that would be given or taken may be. */
static const struct role_facts *role_refused(
    const struct undoing *undoing, const struct enrolment_facts *is, const struct standing *wanted)
{
	const struct policy_may *may = &undoing->batch->policy->may;
	const struct site_facts *site = undoing->batch->site;
	for (size_t i = 0; i < site->roles_count; i++) {
		const struct role_facts *role = &site->roles[i];
		bool may_be = is->level == LEVEL_COURSE
		                  ? may_give_role(may, role)
		                  : may_fits(&may->system_roles, role->shortname);
		if (has_role(is, role->id) != stood_with(wanted, role->id) && !may_be)
			return role;
	}
	return NULL;
}

static deed_set role_deeds(const struct enrolment_facts *is, const struct standing *wanted)
{
	deed_set deeds = 0;
	for (uint32_t i = 0; i < is->roles_count; i++)
		if (!stood_with(wanted, is->roles[i]))
			deeds |= DEED_BIT(DEED_UNASSIGN_ROLE);
	for (uint32_t i = 0; i < wanted->roles_count; i++)
		if (!has_role(is, wanted->roles[i]))
			deeds |= DEED_BIT(DEED_ASSIGN_ROLE);
	return deeds;
}

static void roles_restore(struct undoing *undoing, const struct standing *wanted)
{
	uint32_t enrolment = undoing->row->enrolment;
	const struct enrolment_facts *is = &undoing->batch->enrolments[enrolment];
	for (uint32_t i = is->roles_count; i > 0; i--)
		if (!stood_with(wanted, is->roles[i - 1]))
			role_remove(undoing->pass, enrolment, is->roles[i - 1]);
	for (uint32_t i = 0; i < wanted->roles_count; i++)
		if (!has_role(is, wanted->roles[i]))
			role_assign(undoing->pass, enrolment, wanted->roles[i]);
}

/* False: it was said. */
static bool roles_may_move(
    struct undoing *undoing, const struct enrolment_facts *is, const struct standing *wanted)
{
	if (!wanted->is_whole) {
		undo_never(undoing, SLICE("A role that it had is not there any more, or not named "
		                          "in the answer."));
		return false;
	}
	const struct role_facts *role = role_refused(undoing, is, wanted);
	if (role)
		undo_refuse(undoing,
		    arena_print(undoing->arena,
		        "This feed may not give or take the role '%.*s' there",
		        SLICE_ARG(role->shortname)),
		    is->level == LEVEL_COURSE ? "may.roles" : "may.system_roles");
	return !role;
}

/* ---- enrolments ---- */

static struct slice state_of(const struct undoing *undoing, const struct enrolment_facts *is)
{
	return enrolment_describe(is, undoing->batch->site, undoing->arena);
}

/* It lets somebody in for less than now. */
static bool narrows(
    const struct undoing *undoing, const struct enrolment_facts *is, const struct standing *wanted)
{
	bool suspends = is->status == ENROLMENT_ACTIVE && wanted->status != ENROLMENT_ACTIVE;
	bool is_later = wanted->timestart > is->timestart && wanted->timestart > undoing->pass->now;
	bool is_shorter =
	    wanted->timeend != 0 && (is->timeend == 0 || wanted->timeend < is->timeend);
	return !wanted->is_in || suspends || is_later || is_shorter;
}

/* Holds a role that the feed may not give, and nobody like that is shut out by it. */
static bool shutting_out_is_refused(
    struct undoing *undoing, const struct enrolment_facts *is, const struct standing *wanted)
{
	bool shuts_out = is->id != 0 && narrows(undoing, is, wanted);
	const struct role_facts *role = shuts_out ? role_beyond(undoing->pass, is) : NULL;
	if (role)
		undo_refuse(undoing,
		    arena_print(undoing->arena,
		        "This feed may not shut out somebody who has the role '%.*s' there",
		        SLICE_ARG(role->shortname)),
		    "may.roles");
	return role != NULL;
}

static void status_set(struct undoing *undoing, enum change_kind kind, int64_t status,
    int64_t timestart, int64_t timeend)
{
	struct enrolment_facts *is = &undoing->batch->enrolments[undoing->row->enrolment];
	is->status = status;
	is->timestart = timestart;
	is->timeend = timeend;
	change_add(undoing->pass, (struct change){.kind = kind,
	                              .person = is->person,
	                              .enrolment = undoing->row->enrolment,
	                              .status = status,
	                              .timestart = timestart,
	                              .timeend = timeend});
}

static void listing_note(struct undoing *undoing, enum undo_listing listing, int64_t enrolment)
{
	undoing->row->listing = listing;
	undoing->row->user = undoing->batch->people[undoing->person].id;
	undoing->row->listed = enrolment;
}

/* Grades are worth more than a course without the person, whatever purge_history says. */
static void history_keep(struct undoing *undoing)
{
	struct enrolment_facts *is = &undoing->batch->enrolments[undoing->row->enrolment];
	struct slice before = state_of(undoing, is);
	static const char message[] =
	    "Suspended, not unenrolled: grades of the person would be deleted.";
	if (is->status != ENROLMENT_ACTIVE) {
		undo_answer(undoing, OUTCOME_SKIPPED, CODE_HAS_HISTORY,
		    SLICE("Stays suspended: grades of the person would be deleted."));
		return;
	}
	if (undo_lacks(undoing, DEED_BIT(DEED_CHANGE_ENROLMENT)))
		return;
	status_set(undoing, CHANGE_ENROLMENT, ENROLMENT_SUSPENDED, is->timestart, is->timeend);
	listing_note(undoing, UNDO_LISTING_GOES, is->id);
	undo_done(undoing, before, state_of(undoing, is), slice_of(message));
	undo_answer(undoing, OUTCOME_WARNING, CODE_HAS_HISTORY, slice_of(message));
}

static void take_out(struct undoing *undoing, const struct standing *wanted)
{
	bool moves;
	uint32_t enrolment = undoing->row->enrolment;
	const struct enrolment_facts *is = &undoing->batch->enrolments[enrolment];
	struct slice before = state_of(undoing, is);
	deed_set deeds = DEED_BIT(DEED_UNENROL) | role_deeds(is, wanted);
	int64_t id = is->id;
	if (undo_lacks(undoing, deeds))
		return;
	enum code code = leave_decide(undoing->pass, enrolment, REMOVAL_UNENROL, &moves);
	if (!moves) {
		undo_answer(undoing, OUTCOME_ERROR, code,
		    leave_message(undoing->pass, enrolment, REMOVAL_UNENROL, code, moves));
		return;
	}
	roles_restore(undoing, wanted);
	listing_note(undoing, UNDO_LISTING_GOES, id);
	undo_done(undoing, before, state_of(undoing, is), SLICE("Taken back: unenrolled."));
}

static bool method_is_missing(struct undoing *undoing)
{
	const struct batch *batch = undoing->batch;
	if (batch->courses[undoing->row->place].enrol != 0 && batch->site->manual_enabled)
		return false;
	undo_answer(undoing, OUTCOME_ERROR, CODE_NO_ENROL_INSTANCE,
	    SLICE("The course takes no manual enrolments."));
	return true;
}

static void take_in(struct undoing *undoing, const struct standing *wanted)
{
	struct enrolment_facts *is = &undoing->batch->enrolments[undoing->row->enrolment];
	struct slice before = state_of(undoing, is);
	if (method_is_missing(undoing) ||
	    undo_lacks(undoing, DEED_BIT(DEED_ENROL) | role_deeds(is, wanted)))
		return;
	status_set(undoing, CHANGE_ENROL, wanted->status, wanted->timestart, wanted->timeend);
	is->id = ENROLMENT_PLANNED;
	roles_restore(undoing, wanted);
	undo_done(undoing, before, state_of(undoing, is),
	    SLICE("Taken back: enrolled again, without the groups and subscriptions that went."));
	if (wanted->is_history_gone)
		undo_never(undoing, SLICE("Grades that went with the enrolment do not come back."));
}

static void change_back(struct undoing *undoing, const struct standing *wanted)
{
	struct enrolment_facts *is = &undoing->batch->enrolments[undoing->row->enrolment];
	struct slice before = state_of(undoing, is);
	bool moves = is->id != 0 && !has_dates_of(is, wanted);
	deed_set deeds = role_deeds(is, wanted);
	if (undo_lacks(undoing, deeds | (moves ? DEED_BIT(DEED_CHANGE_ENROLMENT) : 0)))
		return;
	if (moves)
		status_set(
		    undoing, CHANGE_ENROLMENT, wanted->status, wanted->timestart, wanted->timeend);
	roles_restore(undoing, wanted);
	listing_note(undoing, UNDO_LISTING_IS_KEPT, is->id);
	undo_done(undoing, before, state_of(undoing, is),
	    moves ? SLICE("Taken back: status and dates are as before.")
	          : SLICE("Taken back: the roles are as before."));
}

void undo_enrolment(struct undoing *undoing)
{
	const struct undo_row *row = undoing->row;
	if (!undo_course_is_open(undoing, row->place))
		return;
	const struct enrolment_facts *is = &undoing->batch->enrolments[row->enrolment];
	struct standing after = standing_read(undoing, row->after);
	struct standing before = standing_read(undoing, row->before);
	if (!stands_so(is, &after)) {
		undo_keep(undoing,
		    arena_print(undoing->arena, "Left as it is: it is %.*s now.",
		        SLICE_ARG(is->id != 0 || is->roles_count > 0 ? state_of(undoing, is)
		                                                     : SLICE("not enrolled"))));
		return;
	}
	if (shutting_out_is_refused(undoing, is, &before))
		return;
	if (after.is_in && !before.is_in && is->leaving.has_history)
		history_keep(undoing);
	else if (!roles_may_move(undoing, is, &before))
		return;
	else if (after.is_in && !before.is_in)
		take_out(undoing, &before);
	else if (before.is_in && !after.is_in)
		take_in(undoing, &before);
	else
		change_back(undoing, &before);
}

/* ---- roles in the site and in categories ---- */

static struct slice roles_state(const struct undoing *undoing, const struct enrolment_facts *is)
{
	struct slice roles = enrolment_describe(is, undoing->batch->site, undoing->arena);
	if (is->roles_count == 0 || is->level != LEVEL_CATEGORY)
		return roles;
	struct slice idnumber = undoing->batch->categories[undoing->row->place].idnumber;
	return arena_print(undoing->arena, "category=%.*s;%.*s",
	    SLICE_ARG(described_escape(idnumber, undoing->arena)), SLICE_ARG(roles));
}

static bool category_is_open(struct undoing *undoing)
{
	const struct batch *batch = undoing->batch;
	uint32_t place = undoing->row->place;
	if (place == INDEX_NONE || undoing->row->enrolment == INDEX_NONE) {
		undo_keep(undoing, SLICE("Left as it is: there is no such category any more."));
		return false;
	}
	const char *refused_by =
	    may_refuse_category(&batch->policy->may, &batch->categories[place]);
	if (refused_by)
		undo_refuse(undoing, SLICE("This feed does not reach the category"), refused_by);
	return !refused_by;
}

void undo_roles(struct undoing *undoing)
{
	const struct undo_row *row = undoing->row;
	if (row->kind == UNDO_CATEGORY_ROLES && !category_is_open(undoing))
		return;
	const struct enrolment_facts *is = &undoing->batch->enrolments[row->enrolment];
	struct standing after = standing_read(undoing, row->after);
	struct standing before = standing_read(undoing, row->before);
	struct slice state = roles_state(undoing, is);
	if (!has_roles_of(is, &after)) {
		undo_keep(undoing, SLICE("Left as it is: the roles are others now."));
		return;
	}
	if (!roles_may_move(undoing, is, &before) || undo_lacks(undoing, role_deeds(is, &before)))
		return;
	roles_restore(undoing, &before);
	undo_done(undoing, state, roles_state(undoing, is),
	    SLICE("Taken back: the roles are as before."));
}
