/*
 * request: a course cell and its modifiers, the cells of the same number. Rules: facts 4.2, 4.4.
 */
#include "parts.h"

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
	if (slice_is(cell, SLICE("0")) || slice_is(cell, SLICE("1"))) {
		request->has_status = true;
		request->status = cell.bytes[0] - '0';
		return true;
	}
	return batch->policy->invalid_values == INVALID_IGNORE;
}

static bool start_read(const struct batch *batch, struct slice cell, struct request *request)
{
	const struct policy *policy = batch->policy;
	const struct date_rules rules = {.forms = policy->dates.items,
	    .forms_count = policy->dates.count,
	    .is_moodle = policy->compat == COMPAT_MOODLE,
	    .now = batch->now,
	    .today = batch->today};
	request->has_start = value_parse_feed_date(cell, &rules, &request->start);
	return request->has_start || batch->policy->invalid_values == INVALID_IGNORE;
}

/* "0" is the course's own period, as if the cell were empty (facts 4.4). */
static bool period_read(const struct batch *batch, struct slice cell, struct request *request)
{
	int64_t days = 0;
	if (batch->policy->invalid_values == INVALID_IGNORE) {
		request->has_period = !slice_is(cell, SLICE("0"));
		days = number_as_php(cell);
	} else {
		if (!value_parse_whole(cell, &days) || days > PERIOD_DAYS_MAX)
			return false;
		request->has_period = days > 0;
	}
	request->asks_period = true;
	request->period = days > 0 ? days * DAY : 0;
	return true;
}

/* The feed's own choice, else the first role of the archetype (facts 4.2); "": there is none. */
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

/* Where no role is named, its type may be. Anything but 1, 2, 3 is wrong, in Moodle too. */
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

/* PHP's empty(): Moodle takes "0" for an absent value (facts 0). */
bool request_is_absent(const struct batch *batch, struct slice cell)
{
	return cell.size == 0 ||
	       (batch->policy->compat == COMPAT_MOODLE && slice_is(cell, SLICE("0")));
}

typedef bool modifier_read(const struct batch *batch, struct slice cell, struct request *request);

void request_read(const struct batch *batch, const struct record *record, struct request *request)
{
	static const struct {
		enum column_id id;
		modifier_read *read;
	} modifiers[] = {
	    {COLUMN_ENROLSTATUS, status_read},
	    {COLUMN_ENROLTIMESTART, start_read},
	    {COLUMN_ENROLPERIOD, period_read},
	};
	const struct header_column *course = &batch->header->columns[request->column];
	const struct header_slot *slot = &batch->header->slots[course->slot];
	request->role_column = slot->columns[COLUMN_ROLE];
	request->role = record_cell(record, request->role_column);
	if (request_is_absent(batch, request->role)) {
		struct slice type = record_cell(record, slot->columns[COLUMN_TYPE]);
		request->role = SLICE("");
		if (type.size > 0 && !slice_is(type, SLICE("0")))
			type_read(batch, slot->columns[COLUMN_TYPE], type, request);
	}
	for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++) {
		uint32_t column = slot->columns[modifiers[i].id];
		struct slice cell = record_cell(record, column);
		if (cell.size == 0 || modifiers[i].read(batch, cell, request) || request->has_fault)
			continue;
		request->has_fault = true;
		request->fault_column = column;
	}
}
