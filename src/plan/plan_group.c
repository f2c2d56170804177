/*
 * plan_group: a row of a create course groups file: a group of a course, and a grouping for it.
 * Nothing that exists is changed, and one bad row stops nothing. Rules: enrold.csv(5),
 * lms/README 7.2.
 */
#include "pass.h"

static struct slice cell_of(const struct pass *pass, uint32_t index, enum column_id id)
{
	return record_cell(&pass->batch->records[index], pass->batch->header->single[id]);
}

static bool row_error(struct pass *pass, const struct request *request, uint32_t column,
    enum code code, struct slice message)
{
	request_answer(pass, request, column, OUTCOME_ERROR, code,
	    record_cell(&pass->batch->records[request->record], column), message);
	return true;
}

/* The column by which the row names its course. */
static uint32_t course_column(const struct pass *pass, uint32_t index)
{
	const struct header *header = pass->batch->header;
	bool by_idnumber = cell_of(pass, index, COLUMN_COURSE_IDNUMBER).size > 0;
	uint32_t column = header->single[by_idnumber ? COLUMN_COURSE_IDNUMBER : COLUMN_COURSENAME];
	return column != COLUMN_NONE ? column : header->single[COLUMN_GROUPNAME];
}

static bool course_error(struct pass *pass, const struct request *request)
{
	uint32_t column = course_column(pass, request->record);
	struct arena *arena = pass->batch->arena;
	if (request->course == INDEX_NONE)
		return row_error(pass, request, column, CODE_COURSE_NOT_FOUND,
		    SLICE(
		        "The row names no course: fill in coursename, or set the feed's course."));
	const struct course_facts *course = &pass->batch->courses[request->course];
	struct slice name = pass->batch->course_keys[request->course].text;
	if (course->refused_by) {
		request_refuse(pass, request, column, course->refused_by,
		    arena_print(arena, "This feed reaches no course '%.*s'", SLICE_ARG(name)));
		return true;
	}
	if (course->matches == 0)
		return row_error(pass, request, column, CODE_COURSE_NOT_FOUND,
		    course_is_hinted(pass, request)
		        ? arena_print(arena, "There is no course '%.*s': is '%.*s' meant?",
		              SLICE_ARG(name), SLICE_ARG(course->nearest))
		        : arena_print(
		              arena, "There is no course '%.*s': correct it.", SLICE_ARG(name)));
	if (course->matches > 1)
		return row_error(pass, request, column, CODE_COURSE_AMBIGUOUS,
		    arena_print(arena, "%u courses are called '%.*s': give them different names.",
		        course->matches, SLICE_ARG(name)));
	return false;
}

static bool group_error(struct pass *pass, const struct request *request)
{
	const struct header *header = pass->batch->header;
	if (request->group == INDEX_NONE)
		return row_error(pass, request, header->single[COLUMN_GROUPNAME],
		    CODE_GROUP_NAME_MISSING, SLICE("The row names no group: fill in groupname."));
	return !group_is_one(
	    pass, request, header->single[COLUMN_GROUPNAME], &pass->batch->groups[request->group]);
}

/* The cell, empty or not; NULL where the file has no such column. */
static struct slice cell_or_null(const struct pass *pass, uint32_t index, enum column_id id)
{
	bool has = pass->batch->header->single[id] != COLUMN_NONE;
	return has ? cell_of(pass, index, id) : (struct slice){NULL, 0};
}

/* Leaves out a number that another group of the course has, as Moodle does. */
static struct slice idnumber_take(struct pass *pass, const struct request *request)
{
	if (request->idnumber == INDEX_NONE)
		return SLICE("");
	struct group_facts *holder = &pass->batch->groups[request->idnumber];
	if (holder->matches == 0) {
		fact_keep(pass, holder, sizeof *holder);
		holder->matches = 1;
		return holder->text;
	}
	request_answer(pass, request, pass->batch->header->single[COLUMN_GROUPIDNUMBER],
	    OUTCOME_WARNING, CODE_IDNUMBER_TAKEN, holder->text,
	    SLICE("Another group of the course has this number: the group was made without it."));
	return SLICE("");
}

static struct slice group_state(
    const struct pass *pass, const struct request *request, const struct group_change *group)
{
	return arena_print(pass->batch->arena, "course=%.*s;idnumber=%.*s;enrolmentkey=%s",
	    SLICE_ARG(pass->batch->course_keys[request->course].text), SLICE_ARG(group->idnumber),
	    group->enrolmentkey.size > 0 ? "(set)" : "");
}

/* False: it was withheld. */
static bool group_make(struct pass *pass, const struct request *request)
{
	struct group_facts *facts = &pass->batch->groups[request->group];
	struct group_change *group = arena_alloc(pass->batch->arena, sizeof *group);
	if (!group)
		return false;
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	*group = (struct group_change){.idnumber = idnumber_take(pass, request),
	    .description = cell_or_null(pass, request->record, COLUMN_GROUPDESCRIPTION),
	    .enrolmentkey = cell_or_null(pass, request->record, COLUMN_ENROLMENTKEY)};
	fact_keep(pass, facts, sizeof *facts);
	facts->id = ID_PLANNED;
	facts->matches = 1;
	change_add(pass, (struct change){.kind = CHANGE_CREATE_GROUP,
	                     .person = INDEX_NONE,
	                     .target = request->group,
	                     .group = group});
	struct outcome *outcome = request_answer(pass, request, request->column, OUTCOME_DONE,
	    CODE_GROUP_CREATED, facts->text, group_message(pass, SLICE("The group was made")));
	outcome->after = group_state(pass, request, group);
	return attempt_end(pass, &attempt, outcome, LIMITED_NOT);
}

static deed_set grouping_deeds(bool is_missing, bool joins)
{
	return DEED_BIT(DEED_SEE_GROUPING) | (is_missing ? DEED_BIT(DEED_CREATE_GROUPING) : 0) |
	       (joins ? DEED_BIT(DEED_JOIN_GROUPING) : 0);
}

static void grouping_decide(struct pass *pass, const struct request *request)
{
	bool is_new;
	uint32_t column = pass->batch->header->single[COLUMN_GROUPINGNAME];
	struct grouping_facts *grouping = &pass->batch->groupings[request->grouping];
	bool is_missing = grouping->matches == 0;
	if (grouping->matches > 1) {
		row_error(pass, request, column, CODE_GROUP_AMBIGUOUS,
		    SLICE(
		        "Several groupings of the course have this name: rename them in the LMS."));
		return;
	}
	uint32_t index = batch_membership(
	    pass->batch, GROUP_IN_GROUPING, request->group, request->grouping, &is_new);
	if (arena_has_failed(pass->batch->arena))
		return;
	bool joins = !pass->batch->memberships[index].is_member;
	if (request_lacks(pass, request, column, grouping->name, grouping_deeds(is_missing, joins)))
		return;
	if (is_missing && request_has_stray(pass, request, column))
		return;
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	if (is_missing) {
		fact_keep(pass, grouping, sizeof *grouping);
		grouping->id = ID_PLANNED;
		grouping->matches = 1;
		change_add(pass, (struct change){.kind = CHANGE_CREATE_GROUPING,
		                     .person = INDEX_NONE,
		                     .target = request->grouping});
	}
	struct membership_facts *is = &pass->batch->memberships[index];
	fact_keep(pass, is, sizeof *is);
	is->is_member = true;
	if (joins)
		change_add(pass,
		    (struct change){.kind = CHANGE_JOIN, .person = INDEX_NONE, .target = index});
	struct outcome *outcome =
	    request_answer(pass, request, column, joins ? OUTCOME_DONE : OUTCOME_UNCHANGED,
	        is_missing ? CODE_GROUPING_CREATED
	        : joins    ? CODE_GROUPING_JOINED
	                   : CODE_ALREADY_IN_GROUPING,
	        grouping->name,
	        is_missing
	            ? group_message(pass, SLICE("The grouping was made, and the group put into it"))
	        : joins ? group_message(pass, SLICE("The group was put into the grouping"))
	                : SLICE("The group is in the grouping already."));
	outcome->before = joins ? SLICE("") : SLICE("member=1");
	outcome->after = SLICE("member=1");
	attempt_end(pass, &attempt, outcome, LIMITED_NOT);
}

static void grouping_skip(struct pass *pass, const struct request *request)
{
	request_answer(pass, request, pass->batch->header->single[COLUMN_GROUPINGNAME],
	    OUTCOME_SKIPPED, CODE_ROW_NOT_APPLIED, pass->batch->groupings[request->grouping].name,
	    SLICE("Not attempted: the group was not made."));
}

static void messaging_answer(struct pass *pass, const struct request *request)
{
	uint32_t column = pass->batch->header->single[COLUMN_ENABLEMESSAGING];
	struct slice cell = record_cell(&pass->batch->records[request->record], column);
	if (cell.size > 0 && !slice_is(cell, SLICE("0")))
		request_answer(pass, request, column, OUTCOME_WARNING, CODE_NOT_ON_THIS_SITE, cell,
		    SLICE("Conversations are not made by enrold: switch messaging on in the LMS."));
}

void group_row_decide(struct pass *pass, uint32_t index)
{
	if (!record_is_whole(pass, index) || group_row_word_is_unknown(pass, index))
		return;
	const struct request *request =
	    &pass->batch->requests[pass->batch->records[index].requests];
	bool has_name = cell_of(pass, index, COLUMN_GROUPNAME).size > 0;
	if (cell_of(pass, index, COLUMN_COURSENAME).size > 0 &&
	    cell_of(pass, index, COLUMN_COURSE_IDNUMBER).size > 0)
		row_remark(pass, REMARK_COURSES_OVERRULED);
	if ((has_name && course_error(pass, request)) || group_error(pass, request))
		return;
	const struct group_facts *group = &pass->batch->groups[request->group];
	deed_set deeds = DEED_BIT(DEED_SEE_GROUP);
	if (group->matches == 0)
		deeds |= DEED_BIT(DEED_CREATE_GROUP);
	if (request_lacks(pass, request, request->column, group->text, deeds))
		return;
	uint32_t number = pass->batch->header->single[COLUMN_GROUPIDNUMBER];
	bool is_missing = group->matches == 0;
	if (is_missing && (request_has_stray(pass, request, request->column) ||
	                      request_has_stray(pass, request, number)))
		return;
	bool is_there = !is_missing || group_make(pass, request);
	if (!is_missing)
		request_answer(pass, request, request->column, OUTCOME_UNCHANGED, CODE_GROUP_EXISTS,
		    group->text, SLICE("The course has this group already; it was left as it is."));
	if (request->grouping != INDEX_NONE && is_there)
		grouping_decide(pass, request);
	else if (request->grouping != INDEX_NONE)
		grouping_skip(pass, request);
	messaging_answer(pass, request);
}
