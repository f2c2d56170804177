#include "enrold/plan.h"

#include "enrold/value.h"

/* One pass over a batch. */
struct pass {
	struct batch *batch;
	int64_t now;
	int64_t today;
	struct outcome *outcomes;
	size_t outcomes_count;
	struct change *changes;
	size_t changes_count;
};

static struct outcome *outcome_add(
    struct pass *pass, uint32_t record, uint32_t column, enum outcome_kind kind, enum code code)
{
	struct outcome *outcome = &pass->outcomes[pass->outcomes_count++];
	*outcome = (struct outcome){.record = record, .column = column, .kind = kind, .code = code};
	return outcome;
}

/* ---- the record as a whole ---- */

static struct slice fault_message(const struct pass *pass, const struct record *record)
{
	static const char *const messages[CODES] = {
	    [CODE_BROKEN_QUOTES] =
	        "Text follows a closing quote: double every quote inside a quoted value.",
	    [CODE_NOT_UTF8] = "The value has bytes that are not UTF-8: save the file as UTF-8.",
	    [CODE_CONTROL_CHARACTER] = "The value has a NUL or control character: remove it.",
	    [CODE_VALUE_TOO_LONG] = "A value of the row, or the row itself, is longer than "
	                            "max_field allows: shorten it.",
	};
	struct arena *arena = pass->batch->arena;
	const struct header *header = pass->batch->header;
	if (record->fault == CODE_WRONG_FIELD_COUNT)
		return arena_print(arena,
		    "The row has %u fields and the header %zu: add or remove fields.",
		    record->cells_count, header->columns_count);
	if (record->fault == CODE_VALUE_TOO_LONG && record->fault_column != COLUMN_NONE)
		return arena_print(arena,
		    "The value is longer than the %u characters of this column: shorten it.",
		    header->columns[record->fault_column].characters_max);
	return slice_of(messages[record->fault]);
}

static struct slice cell_of(const struct record *record, uint32_t column)
{
	return column < record->cells_count ? value_trim(record->cells[column]) : SLICE("");
}

static void person_error(struct pass *pass, uint32_t index, enum code code, struct slice message)
{
	const struct record *record = &pass->batch->records[index];
	uint32_t column = pass->batch->header->username;
	struct outcome *outcome = outcome_add(pass, index, column, OUTCOME_ERROR, code);
	outcome->target = cell_of(record, column);
	outcome->message = message;
}

/* Says why nothing of the record can be done; false: it can. */
static bool record_error(struct pass *pass, uint32_t index)
{
	const struct batch *batch = pass->batch;
	const struct record *record = &batch->records[index];
	if (record->has_fault) {
		struct outcome *outcome =
		    outcome_add(pass, index, record->fault_column, OUTCOME_ERROR, record->fault);
		outcome->message = fault_message(pass, record);
	} else if (record->username.size == 0) {
		person_error(pass, index, CODE_USERNAME_MISSING,
		    cell_of(record, batch->header->username).size == 0
		        ? SLICE("The row names nobody: fill in the user name.")
		        : SLICE("Nothing is left of the user name: it has no character that is "
		                "allowed."));
	} else if (batch->users[index].id == 0) {
		person_error(pass, index, CODE_USER_NOT_FOUND,
		    arena_print(batch->arena,
		        "No account '%.*s': correct the user name, or create the account first.",
		        SLICE_ARG(record->username)));
	} else if (batch->users[index].is_protected) {
		person_error(pass, index, CODE_PROTECTED_ACCOUNT,
		    SLICE("Site administrators and the guest account are never touched: remove the "
		          "row."));
	} else {
		return false;
	}
	return true;
}

static void requests_skip(struct pass *pass, uint32_t index)
{
	const struct record *record = &pass->batch->records[index];
	for (uint32_t r = 0; r < record->requests_count; r++) {
		const struct request *request = &pass->batch->requests[record->requests + r];
		struct outcome *outcome = outcome_add(
		    pass, index, request->column, OUTCOME_SKIPPED, CODE_ROW_NOT_APPLIED);
		outcome->target = pass->batch->course_names[request->course];
		outcome->message = SLICE("Not attempted: see the error of this row.");
	}
}

/* ---- one request ---- */

static void request_error(struct pass *pass, const struct request *request, uint32_t column,
    enum code code, struct slice message)
{
	struct outcome *outcome = outcome_add(pass, request->record, column, OUTCOME_ERROR, code);
	outcome->target = pass->batch->course_names[request->course];
	outcome->message = message;
}

static bool value_error(struct pass *pass, const struct request *request)
{
	static const struct slice expected[COLUMN_IDS] = {
	    [COLUMN_ENROLSTATUS] = {"0 (active) or 1 (suspended)", 27},
	    [COLUMN_ENROLTIMESTART] = {"a date such as 2026-12-31", 25},
	    [COLUMN_TYPE] = {"1, 2 or 3", 9},
	    [COLUMN_ENROLPERIOD] = {"a whole number of days, at most 36500", 37},
	};
	if (!request->has_fault)
		return false;
	const struct batch *batch = pass->batch;
	struct slice cell = cell_of(&batch->records[request->record], request->fault_column);
	struct slice want = expected[batch->header->columns[request->fault_column].id];
	request_error(pass, request, request->fault_column, CODE_INVALID_VALUE,
	    arena_print(
	        batch->arena, "'%.*s' is not %.*s: correct it.", SLICE_ARG(cell), SLICE_ARG(want)));
	return true;
}

static bool course_error(struct pass *pass, const struct request *request)
{
	struct arena *arena = pass->batch->arena;
	const struct course_facts *course = &pass->batch->courses[request->course];
	struct slice name = pass->batch->course_names[request->course];
	enum code code;
	struct slice message;
	if (course->matches == 0) {
		code = CODE_COURSE_NOT_FOUND;
		message =
		    course->nearest.size > 0
		        ? arena_print(arena,
		              "No course has the short name '%.*s': is '%.*s' meant?",
		              SLICE_ARG(name), SLICE_ARG(course->nearest))
		        : arena_print(arena, "No course has the short name '%.*s': correct it.",
		              SLICE_ARG(name));
	} else if (course->matches > 1) {
		code = CODE_COURSE_AMBIGUOUS;
		message = arena_print(arena,
		    "%u courses have the short name '%.*s': give them different ones in the LMS.",
		    course->matches, SLICE_ARG(name));
	} else if (!pass->batch->site->manual_enabled) {
		code = CODE_NO_ENROL_INSTANCE;
		message = SLICE("Manual enrolment is switched off for the whole site: enable it.");
	} else if (course->enrol == 0) {
		code = CODE_NO_ENROL_INSTANCE;
		message = SLICE("The course has no manual enrolment method: add it to the course.");
	} else if (course->context == 0) {
		code = CODE_NO_COURSE_CONTEXT;
		message = SLICE("The course has no context row: open it once in the LMS.");
	} else {
		return false;
	}
	request_error(pass, request, request->column, code, message);
	return true;
}

/* Facts 4.2: by id when numeric, else by exact short name, among the roles of courses. */
static const struct role_facts *role_find(
    const struct site_facts *site, struct slice cell, int64_t default_id)
{
	int64_t id = 0;
	bool by_id = cell.size == 0 || value_parse_whole(cell, &id);
	if (cell.size == 0)
		id = default_id;
	for (size_t i = 0; i < site->roles_count; i++) {
		const struct role_facts *role = &site->roles[i];
		if (by_id ? role->id == id : slice_is(role->shortname, cell))
			return role->in_courses ? role : NULL;
	}
	return NULL;
}

static const struct role_facts *request_role(struct pass *pass, const struct request *request)
{
	const struct batch *batch = pass->batch;
	const struct course_facts *course = &batch->courses[request->course];
	const struct role_facts *role = role_find(batch->site, request->role, course->enrol_role);
	if (role)
		return role;
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

static int64_t end_of(
    int64_t start, const struct request *request, const struct course_facts *course)
{
	int64_t period = request->has_period ? request->period : course->enrol_period;
	return period > 0 ? start + period : 0;
}

/* What status and times should be. Facts 4.4, and CONTRACT 3 for existing_enrolment: keep. */
static struct change enrolment_wanted(
    const struct pass *pass, const struct request *request, const struct enrolment_facts *is)
{
	const struct course_facts *course = &pass->batch->courses[request->course];
	bool is_new = is->id == 0;
	bool keep = !is_new && pass->batch->policy->existing_enrolment == EXISTING_KEEP;
	int64_t start = request->has_start ? request->start : keep ? is->timestart : pass->today;
	bool moves_end = !keep || request->asks_period;
	return (struct change){
	    .kind = is_new ? CHANGE_ENROL : CHANGE_ENROLMENT,
	    .enrolment = request->enrolment,
	    .status = request->has_status ? request->status
	              : is_new            ? ENROLMENT_ACTIVE
	                                  : is->status,
	    .timestart = start,
	    .timeend = moves_end ? end_of(start, request, course) : is->timeend,
	};
}

static bool has_role(const struct enrolment_facts *is, int64_t role)
{
	for (uint32_t i = 0; i < is->roles_count; i++)
		if (is->roles[i] == role)
			return true;
	return false;
}

static void role_assign(struct pass *pass, uint32_t enrolment, int64_t role)
{
	struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	int64_t *roles = arena_grow(
	    pass->batch->arena, is->roles, is->roles_count, is->roles_count + 1, sizeof *roles);
	if (!roles)
		return;
	uint32_t place = is->roles_count++;
	for (; place > 0 && roles[place - 1] > role; place--)
		roles[place] = roles[place - 1];
	roles[place] = role;
	is->roles = roles;
	pass->changes[pass->changes_count++] =
	    (struct change){.kind = CHANGE_ASSIGN_ROLE, .enrolment = enrolment, .role = role};
}

/* Makes it so; returns what that was. */
static enum code enrolment_settle(struct pass *pass, const struct request *request, int64_t role)
{
	struct enrolment_facts *is = &pass->batch->enrolments[request->enrolment];
	struct change wanted = enrolment_wanted(pass, request, is);
	bool is_new = is->id == 0;
	bool differs = is_new || is->status != wanted.status || is->timestart != wanted.timestart ||
	               is->timeend != wanted.timeend;
	if (differs) {
		pass->changes[pass->changes_count++] = wanted;
		is->id = is_new ? ENROLMENT_PLANNED : is->id;
		is->status = wanted.status;
		is->timestart = wanted.timestart;
		is->timeend = wanted.timeend;
	}
	bool gets_role = !has_role(is, role);
	if (gets_role)
		role_assign(pass, request->enrolment, role);
	if (differs)
		return is_new ? CODE_ENROLLED : CODE_ENROLMENT_UPDATED;
	if (gets_role)
		return CODE_ROLE_ASSIGNED;
	if (is->status != ENROLMENT_ACTIVE && !request->has_status)
		return CODE_ENROLMENT_SUSPENDED;
	return is->timeend != 0 && is->timeend <= pass->now ? CODE_ENROLMENT_EXPIRED
	                                                    : CODE_ALREADY_ENROLLED;
}

/* ---- before and after ---- */

static struct slice role_name(const struct site_facts *site, int64_t id)
{
	for (size_t i = 0; i < site->roles_count; i++)
		if (site->roles[i].id == id)
			return site->roles[i].shortname;
	return SLICE("?");
}

static struct slice roles_text(const struct pass *pass, const struct enrolment_facts *is)
{
	struct slice text = SLICE("");
	for (uint32_t i = 0; i < is->roles_count; i++) {
		struct slice name = role_name(pass->batch->site, is->roles[i]);
		text = i == 0 ? name
		              : arena_print(pass->batch->arena, "%.*s,%.*s", SLICE_ARG(text),
		                    SLICE_ARG(name));
	}
	return text;
}

static struct slice state_text(const struct pass *pass, const struct enrolment_facts *is)
{
	struct slice roles = roles_text(pass, is);
	if (is->id != 0)
		return arena_print(pass->batch->arena,
		    "status=%lld;timestart=%lld;timeend=%lld;roles=%.*s", (long long)is->status,
		    (long long)is->timestart, (long long)is->timeend, SLICE_ARG(roles));
	if (is->roles_count > 0)
		return arena_print(pass->batch->arena, "roles=%.*s", SLICE_ARG(roles));
	return SLICE("");
}

static struct slice settled_message(
    const struct pass *pass, const struct request *request, enum code code)
{
	static const char *const messages[CODES] = {
	    [CODE_ENROLLED] = "Enrolled.",
	    [CODE_ENROLMENT_UPDATED] = "Status or dates changed.",
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

static void request_settle(struct pass *pass, const struct request *request)
{
	if (course_error(pass, request) || value_error(pass, request))
		return;
	const struct role_facts *role = request_role(pass, request);
	if (!role)
		return;
	const struct enrolment_facts *is = &pass->batch->enrolments[request->enrolment];
	struct slice before = state_text(pass, is);
	size_t changes = pass->changes_count;
	enum code code = enrolment_settle(pass, request, role->id);
	bool is_done = pass->changes_count > changes;
	struct outcome *outcome = outcome_add(pass, request->record, request->column,
	    is_done ? OUTCOME_DONE : OUTCOME_UNCHANGED, code);
	outcome->target = pass->batch->course_names[request->course];
	outcome->message = settled_message(pass, request, code);
	outcome->before = before;
	outcome->after = is_done ? state_text(pass, is) : before;
}

static void record_settle(struct pass *pass, uint32_t index)
{
	const struct record *record = &pass->batch->records[index];
	if (record_error(pass, index)) {
		requests_skip(pass, index);
		return;
	}
	for (uint32_t r = 0; r < record->requests_count; r++)
		request_settle(pass, &pass->batch->requests[record->requests + r]);
	if (record->requests_count == 0) {
		struct outcome *outcome =
		    outcome_add(pass, index, COLUMN_NONE, OUTCOME_UNCHANGED, CODE_NOTHING_ASKED);
		outcome->message = SLICE("The row asks nothing of this person.");
	}
}

struct error plan_batch(struct batch *batch, int64_t now, int64_t today, struct plan *plan)
{
	struct pass pass = {.batch = batch, .now = now, .today = today};
	pass.outcomes = arena_alloc(
	    batch->arena, (batch->records_count + batch->requests_count) * sizeof *pass.outcomes);
	/* At most an enrolment and a role for each request. */
	pass.changes = arena_alloc(batch->arena, batch->requests_count * 2 * sizeof *pass.changes);
	if (!pass.outcomes || !pass.changes)
		return error_memory("planning a batch");
	for (uint32_t i = 0; i < batch->records_count; i++)
		record_settle(&pass, i);
	*plan = (struct plan){
	    .outcomes = pass.outcomes,
	    .outcomes_count = pass.outcomes_count,
	    .changes = pass.changes,
	    .changes_count = pass.changes_count,
	};
	return arena_has_failed(batch->arena) ? error_memory("planning a batch") : OK;
}
