/*
 * request: a course cell and its modifiers, the cells of the same number. Rules:
 * lms/README 4.2, 4.4.
 */
#include "roster.h"

#include "index.h"

#include "enrold/detail.h"
#include "enrold/value.h"

/* PHP's (int) of a text, as far as it can matter here: what `invalid_values: ignore` means. */
static int64_t number_as_php(struct slice cell)
{
	size_t i = 0;
	bool is_negative = cell.size > 0 && cell.bytes[0] == '-';
	if (cell.size > 0 && (cell.bytes[0] == '-' || cell.bytes[0] == '+'))
		i++;
	int64_t value = 0;
	for (; i < cell.size && cell.bytes[i] >= '0' && cell.bytes[i] <= '9'; i++)
		if (value < 1000000000)
			value = value * 10 + (cell.bytes[i] - '0');
	return is_negative ? -value : value;
}

enum { DAY = 24 * 60 * 60, PERIOD_DAYS_MAX = 36500 };

static bool status_read(const struct batch *batch, struct slice cell, struct request *request)
{
	(void)batch;
	if (slice_is(cell, SLICE("0")) || slice_is(cell, SLICE("1"))) {
		request->has_status = true;
		request->status = cell.bytes[0] - '0';
		return true;
	}
	return false;
}

static struct date_rules date_rules(const struct batch *batch)
{
	const struct policy *policy = batch->policy;
	return (struct date_rules){.forms = policy->dates.items,
	    .forms_count = policy->dates.count,
	    .is_moodle = policy->compat == COMPAT_MOODLE,
	    .now = batch->now,
	    .today = batch->today};
}

static bool start_read(const struct batch *batch, struct slice cell, struct request *request)
{
	const struct date_rules rules = date_rules(batch);
	request->has_start = value_parse_feed_date(cell, &rules, &request->start);
	return request->has_start;
}

/* A day is over when its 24 hours are. Beside a period of the same number it contradicts. */
static bool end_read(const struct batch *batch, struct slice cell, struct request *request)
{
	struct date_rules rules = date_rules(batch);
	rules.is_end = true;
	request->end = 0;
	request->has_end =
	    !request->asks_period &&
	    (slice_is(cell, SLICE("0")) || value_parse_feed_date(cell, &rules, &request->end));
	return request->has_end;
}

/* "0" is the course's own period, as if the cell were empty (lms/README 4.4). */
static bool period_read(const struct batch *batch, struct slice cell, struct request *request)
{
	int64_t days = 0;
	bool ignores = batch->policy->invalid_values == INVALID_IGNORE;
	bool is_good = value_parse_whole(cell, &days) && days <= PERIOD_DAYS_MAX;
	if (!is_good && !ignores)
		return false;
	request->has_period = ignores ? !slice_is(cell, SLICE("0")) : days > 0;
	if (ignores)
		days = number_as_php(cell);
	request->asks_period = true;
	request->period = days > 0 ? days * DAY : 0;
	return is_good;
}

/* The feed's own choice, else the first role of the archetype (lms/README 4.2); "": none. */
static struct slice role_of_type(const struct batch *batch, size_t type)
{
	static const char *const archetypes[] = {"student", "editingteacher", "teacher"};
	if (batch->policy->type_roles.count > type)
		return slice_of(batch->policy->type_roles.items[type]);
	for (size_t i = 0; i < batch->site->roles_count; i++)
		if (slice_is(batch->site->roles[i].archetype, slice_of(archetypes[type])))
			return batch->site->roles[i].shortname;
	return SLICE("");
}

/* A type counts where no role is named. Anything but 1, 2, 3 is wrong, in Moodle too. */
static void type_read(
    const struct batch *batch, uint32_t column, struct slice cell, struct request *request)
{
	request->role_column = column;
	if (cell.size == 1 && cell.bytes[0] >= '1' && cell.bytes[0] <= '3')
		request->role = role_of_type(batch, (size_t)(cell.bytes[0] - '1'));
	if (request->role.size > 0)
		return;
	request->has_fault = true;
	request->fault_column = column;
}

/* PHP's empty(): Moodle takes "0" for an absent value (lms/README 0). */
static bool is_absent(const struct batch *batch, struct slice cell)
{
	return cell.size == 0 ||
	       (batch->policy->compat == COMPAT_MOODLE && slice_is(cell, SLICE("0")));
}

/* ---- what takes away ---- */

/* "-Red" takes "Red" away, unless something is really called "-Red"; empty: it does not. */
static struct slice minus_read(struct slice cell)
{
	if (cell.size < 2 || cell.bytes[0] != '-')
		return SLICE("");
	return value_trim((struct slice){cell.bytes + 1, cell.size - 1});
}

static bool is_role(const struct site_facts *site, struct slice name)
{
	for (size_t i = 0; i < site->roles_count; i++)
		if (slice_is(site->roles[i].shortname, name))
			return true;
	return false;
}

/* Takes the minus off the request's role, if it is one. */
static void role_minus_read(const struct batch *batch, struct request *request)
{
	struct slice role = minus_read(request->role);
	if (role.size == 0 || is_role(batch->site, request->role))
		return;
	request->role = role;
	request->removes_role = true;
}

/* A word that is neither yes nor no is wrong in every feed: nobody can tell who is to stay. */
static void unenrol_read(const struct record *record, uint32_t column, struct request *request)
{
	struct slice cell = record_cell(record, column);
	if (cell.size == 0 || truth_read(cell, &request->unenrols))
		return;
	request->has_fault = true;
	request->fault_column = column;
}

/* "0" is what there is without it; so is a no to leaving. */
static bool says_nothing(enum column_id id, struct slice cell)
{
	bool truth;
	if (cell.size == 0 || slice_is(cell, SLICE("0")))
		return true;
	return id == COLUMN_UNENROL && truth_read(cell, &truth) && !truth;
}

bool modifier_is_empty(const struct record *record, enum column_id id, uint32_t column)
{
	return says_nothing(id, record_cell(record, column));
}

/* ---- modifiers ---- */

typedef bool modifier_read(const struct batch *batch, struct slice cell, struct request *request);

static void modifiers_read(
    const struct batch *batch, const struct record *record, struct request *request)
{
	static const struct {
		enum column_id id;
		modifier_read *read;
	} modifiers[] = {
	    {COLUMN_ENROLSTATUS, status_read}, {COLUMN_ENROLTIMESTART, start_read},
	    {COLUMN_ENROLPERIOD, period_read},
	    {COLUMN_ENROLTIMEEND, end_read}, /* behind the period */
	};
	const struct header_column *course = &batch->header->columns[request->column];
	const struct header_slot *slot = &batch->header->slots[course->slot];
	request->role_column = header_slot_column(slot, COLUMN_ROLE);
	request->role = record_cell(record, request->role_column);
	if (is_absent(batch, request->role)) {
		struct slice type = record_cell(record, header_slot_column(slot, COLUMN_TYPE));
		request->role = SLICE("");
		if (type.size > 0 && !slice_is(type, SLICE("0")))
			type_read(batch, header_slot_column(slot, COLUMN_TYPE), type, request);
	}
	request->asks_entry = request->role.size > 0;
	role_minus_read(batch, request);
	for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++) {
		uint32_t column = header_slot_column(slot, modifiers[i].id);
		struct slice cell = record_cell(record, column);
		request->asks_entry |= cell.size > 0;
		if (cell.size == 0 || modifiers[i].read(batch, cell, request))
			continue;
		if (batch->policy->invalid_values == INVALID_IGNORE) {
			request->ignored |= UINT32_C(1)
			                    << (modifiers[i].id - COLUMN_NUMBERED_FIRST);
		} else if (!request->has_fault) {
			request->has_fault = true;
			request->fault_column = column;
		}
	}
}

static uint32_t modifier_find(
    const struct header_slot *slot, const struct slice *cells, size_t count)
{
	for (enum column_id id = COLUMN_ROLE; id <= COLUMN_GROUP; id++) {
		uint32_t column = header_slot_column(slot, id);
		struct slice cell = column < count ? value_trim(cells[column]) : SLICE("");
		if (!says_nothing(id, cell))
			return column;
	}
	return COLUMN_NONE;
}

/* ---- the cells that ask ---- */

static struct request *request_add(struct batch *batch, struct record *record, uint32_t column)
{
	struct request *requests = array_reserve(batch->arena, batch->requests,
	    batch->requests_count, &batch->requests_room, sizeof *requests);
	if (!requests)
		return NULL;
	batch->requests = requests;
	record->requests_count++;
	struct request *request = &requests[batch->requests_count++];
	*request = (struct request){.record = (uint32_t)batch->records_count,
	    .column = column,
	    .course = INDEX_NONE,
	    .target = INDEX_NONE,
	    .group = INDEX_NONE,
	    .left = INDEX_NONE,
	    .group_column = COLUMN_NONE,
	    .idnumber = INDEX_NONE,
	    .grouping = INDEX_NONE};
	return request;
}

static const struct header_slot *slot_of(const struct batch *batch, uint32_t column)
{
	return &batch->header->slots[batch->header->columns[column].slot];
}

static void cohort_read(struct batch *batch, struct record *record, uint32_t column)
{
	struct slice cell = record_cell(record, column);
	struct request *request =
	    is_absent(batch, cell) ? NULL : request_add(batch, record, column);
	if (!request)
		return;
	request->kind = REQUEST_COHORT;
	if (record->has_fault)
		return;
	request->target = batch_cohort(batch, cell);
	struct slice left = minus_read(cell);
	if (left.size == 0)
		return;
	request->left = batch_cohort(batch, left);
	batch->takes_away = true;
}

static void courseless_read(struct batch *batch, struct record *record, uint32_t column)
{
	uint32_t first = modifier_find(slot_of(batch, column), record->cells, record->cells_count);
	struct request *request = first == COLUMN_NONE ? NULL : request_add(batch, record, first);
	if (request)
		request->kind = REQUEST_COURSELESS;
}

static void group_cell_read(struct batch *batch, struct slice name, struct request *request)
{
	struct slice left = minus_read(name);
	request->group = batch_group(batch, GROUP_BY_NAME_OR_ID, request->course, name);
	if (left.size > 0)
		request->left = batch_group(batch, GROUP_BY_NAME_OR_ID, request->course, left);
}

static void course_read(struct batch *batch, struct record *record, uint32_t column)
{
	struct slice cell = record_cell(record, column);
	if (is_absent(batch, cell)) {
		courseless_read(batch, record, column);
		return;
	}
	struct request *request = request_add(batch, record, column);
	if (!request)
		return;
	uint32_t group = header_slot_column(slot_of(batch, column), COLUMN_GROUP);
	struct slice name = record_cell(record, group);
	request->kind = REQUEST_COURSE;
	if (!is_absent(batch, name))
		request->group_column = group;
	if (record->has_fault)
		return;
	request->course = batch_course(batch, batch->policy->course_by, cell);
	unenrol_read(record, header_slot_column(slot_of(batch, column), COLUMN_UNENROL), request);
	if (request->unenrols)
		request->group_column = COLUMN_NONE;
	else if (!request->has_fault)
		modifiers_read(batch, record, request);
	if (request->group_column != COLUMN_NONE)
		group_cell_read(batch, name, request);
	batch->takes_away |=
	    request->unenrols || request->removes_role || request->left != INDEX_NONE;
}

static void system_role_read(struct batch *batch, struct record *record, uint32_t column)
{
	struct slice cell = record_cell(record, column);
	struct request *request =
	    is_absent(batch, cell) ? NULL : request_add(batch, record, column);
	if (!request)
		return;
	request->kind = REQUEST_SYSTEM_ROLE;
	request->removes_role = cell.bytes[0] == '-';
	request->role = request->removes_role
	                    ? value_trim((struct slice){cell.bytes + 1, cell.size - 1})
	                    : cell;
	request->role_column = column;
}

/* The role's column asks; without it a category says nothing (lms/README 4.8). */
static void category_role_read(struct batch *batch, struct record *record, uint32_t column)
{
	struct slice role = record_cell(record, column);
	uint32_t place = header_slot_column(slot_of(batch, column), COLUMN_CATEGORY);
	struct slice category = record_cell(record, place);
	bool asks = !is_absent(batch, role) || !is_absent(batch, category);
	struct request *request = asks ? request_add(batch, record, column) : NULL;
	if (!request)
		return;
	request->kind = REQUEST_CATEGORY_ROLE;
	request->role = is_absent(batch, role) ? SLICE("") : role;
	request->role_column = column;
	role_minus_read(batch, request);
	if (record->has_fault)
		return;
	request->target = is_absent(batch, category) ? INDEX_NONE : batch_category(batch, category);
}

static struct slice single_cell(
    const struct batch *batch, const struct record *record, enum column_id id)
{
	return record_cell(record, batch->header->single[id]);
}

/* By its idnumber, else by its short name, else the feed's own (lms/README 7.2). */
static uint32_t course_of_group(struct batch *batch, const struct record *record)
{
	struct slice idnumber = single_cell(batch, record, COLUMN_COURSE_IDNUMBER);
	struct slice name = single_cell(batch, record, COLUMN_COURSENAME);
	if (!is_absent(batch, idnumber))
		return batch_course(batch, COURSE_BY_IDNUMBER, idnumber);
	if (!is_absent(batch, name))
		return batch_course(batch, COURSE_BY_SHORTNAME, name);
	return batch->policy->course
	           ? batch_course(batch, batch->policy->course_by,
	                 value_form(slice_of(batch->policy->course), batch->arena))
	           : INDEX_NONE;
}

static void group_read(struct batch *batch, struct record *record)
{
	struct request *request =
	    request_add(batch, record, batch->header->single[COLUMN_GROUPNAME]);
	if (!request)
		return;
	struct slice name = single_cell(batch, record, COLUMN_GROUPNAME);
	struct slice idnumber = single_cell(batch, record, COLUMN_GROUPIDNUMBER);
	struct slice grouping = single_cell(batch, record, COLUMN_GROUPINGNAME);
	request->kind = REQUEST_GROUP;
	if (record->has_fault)
		return;
	request->course = course_of_group(batch, record);
	if (is_absent(batch, name) || request->course == INDEX_NONE)
		return;
	request->group = batch_group(batch, GROUP_BY_NAME, request->course, name);
	if (idnumber.size > 0)
		request->idnumber =
		    batch_group(batch, GROUP_BY_IDNUMBER, request->course, idnumber);
	if (!is_absent(batch, grouping))
		request->grouping = batch_grouping(batch, request->course, grouping);
}

static void cell_read(struct batch *batch, struct record *record, uint32_t column)
{
	enum column_id id = batch->header->columns[column].id;
	if (id == COLUMN_COHORT)
		cohort_read(batch, record, column);
	else if (id == COLUMN_COURSE)
		course_read(batch, record, column);
	else if (id == COLUMN_SYSROLE)
		system_role_read(batch, record, column);
	else
		category_role_read(batch, record, column);
}

/* The requests of a record that is bad as a whole are only answered: nobody is looked for by its
 * cells, which may be of any size. */
size_t requests_read(struct batch *batch, struct record *record, size_t from, size_t requests_max)
{
	const struct header *header = batch->header;
	size_t next = from;
	if (header->is_of_groups)
		group_read(batch, record);
	for (; !header->is_of_groups && next < header->asking_count; next++) {
		if (record->requests_count >= requests_max)
			break;
		cell_read(batch, record, header->asking[next]);
	}
	return next;
}

bool record_is_large(
    const struct batch *batch, const struct csvin_record *record, size_t requests_max)
{
	const struct header *header = batch->header;
	size_t count = 0;
	for (size_t i = 0; header->asking_count > requests_max && i < header->asking_count; i++) {
		uint32_t column = header->asking[i];
		count += column < record->cells_count &&
		         (!is_absent(batch, value_trim(record->cells[column])) ||
		             (header->columns[column].id == COLUMN_COURSE &&
		                 modifier_find(slot_of(batch, column), record->cells,
		                     record->cells_count) != COLUMN_NONE));
	}
	return count > requests_max;
}
