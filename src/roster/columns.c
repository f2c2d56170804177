#define HASH_NONFATAL_OOM 1
#include "enrold/columns.h"

#include "enrold/outcome.h"
#include "enrold/value.h"

#include <assert.h>
#include <uthash.h>

/* No limit where only certain values will do: what is wrong with another is not its length. */
#define DETAIL(...) COLUMN_DETAIL, false, __VA_ARGS__

static const struct column columns[] = {
    {"username", COLUMN_USERNAME, false, 100, "the person", {0}},
    {"oldusername", COLUMN_OLDUSERNAME, false, 100, "rename the account of this name", {0}},
    {"deleted", COLUMN_DELETED, false, 32, "1 deletes the account", {0}},
    {"suspended", COLUMN_SUSPENDED, false, 32, "1 suspends the account, 0 activates it", {0}},
    {"auth", COLUMN_AUTH, false, 20, "authentication method, such as manual or nologin", {0}},
    {"password", COLUMN_PASSWORD, false, 128, "the new password, in plain text", {0}},
    {"mnethostid", COLUMN_HOST, false, 10, "only the site's own: others are not touched", {0}},

    {"firstname", DETAIL(100, "first name", {DETAIL_TEXT, .is_required = true, .is_free = true})},
    {"lastname", DETAIL(100, "last name", {DETAIL_TEXT, .is_required = true, .is_free = true})},
    {"email", DETAIL(100, "e-mail address, of one account only",
                  {DETAIL_ADDRESS, .is_required = true, .is_free = true})},
    {"idnumber",
        DETAIL(255, "number of the person in other systems", {DETAIL_RAW, .is_free = true})},
    {"firstnamephonetic", DETAIL(255, "first name as it is spoken",
                              {DETAIL_TEXT, .is_nullable = true, .is_free = true})},
    {"lastnamephonetic", DETAIL(255, "last name as it is spoken",
                             {DETAIL_TEXT, .is_nullable = true, .is_free = true})},
    {"middlename", DETAIL(255, "middle name", {DETAIL_TEXT, .is_nullable = true, .is_free = true})},
    {"alternatename", DETAIL(255, "name by which the person goes",
                          {DETAIL_TEXT, .is_nullable = true, .is_free = true})},
    {"emailstop", DETAIL(0, "1: gets no e-mail", {DETAIL_NUMBER, .fallback = "0", .most = 1})},
    {"city", DETAIL(120, "town", {DETAIL_TEXT, .setting = "defaultcity", .fallback = ""})},
    {"country", DETAIL(0, "two capital letters, as DE or GB",
                    {DETAIL_COUNTRY, .setting = "country", .fallback = ""})},
    {"lang", DETAIL(30, "code of a language, as en or de_ch",
                 {DETAIL_LANGUAGE, .setting = "lang", .fallback = "en"})},
    {"timezone", DETAIL(100, "name of a time zone; 99: the server's", {.kind = DETAIL_TIMEZONE})},
    {"mailformat", DETAIL(0, "0 plain text, 1 HTML",
                       {DETAIL_NUMBER, .setting = "defaultpreference_mailformat", .fallback = "1",
                           .most = 1})},
    {"maildigest", DETAIL(0, "0 none, 1 complete, 2 subjects",
                       {DETAIL_NUMBER, .setting = "defaultpreference_maildigest", .fallback = "0",
                           .most = 2})},
    {"maildisplay", DETAIL(0, "address shown to: 0 nobody, 1 everybody, 2 course members",
                        {DETAIL_NUMBER, .setting = "defaultpreference_maildisplay", .fallback = "2",
                            .most = 2})},
    {"autosubscribe", DETAIL(0, "1: is subscribed to forums",
                          {DETAIL_NUMBER, .setting = "defaultpreference_autosubscribe",
                              .fallback = "1", .most = 1})},
    {"institution", DETAIL(255, "institution", {DETAIL_TEXT, .fallback = ""})},
    {"department", DETAIL(255, "department", {DETAIL_TEXT, .fallback = ""})},
    {"phone1", DETAIL(20, "telephone", {DETAIL_TEXT, .fallback = ""})},
    {"phone2", DETAIL(20, "mobile telephone", {DETAIL_TEXT, .fallback = ""})},
    {"address", DETAIL(255, "address", {DETAIL_TEXT, .fallback = ""})},
    {"description", DETAIL(0, "text about the person", {DETAIL_RAW, .fallback = ""})},
    {"descriptionformat", DETAIL(0, "0 Moodle's, 1 HTML, 2 plain, 4 Markdown",
                              {DETAIL_NUMBER, .fallback = "1", .most = 4, .is_free = true})},
    {"theme", DETAIL(50, "where the site lets people have their own",
                  {DETAIL_THEME, .fallback = "", .is_free = true})},
    {"htmleditor", COLUMN_VOID, false, 0, "has no effect any more", {0}},
    {"id", COLUMN_VOID, false, 0, "has no effect", {0}},
    {"interests", COLUMN_INTERESTS, false, 0, "tags of the person, where a site has them", {0}},

    {"course", COLUMN_COURSE, true, 255, "enrol into the course of exactly this short name", {0}},
    {"role", COLUMN_ROLE, true, 100, "short name or id of the role, else the course's own", {0}},
    {"type", COLUMN_TYPE, true, 32, "1, 2, 3: the roles of type_roles, where no role is named",
        {0}},
    {"enrolstatus", COLUMN_ENROLSTATUS, true, 32, "0 active, 1 suspended", {0}},
    {"enroltimestart", COLUMN_ENROLTIMESTART, true, 64, "date from which the enrolment holds", {0}},
    {"enrolperiod", COLUMN_ENROLPERIOD, true, 32, "whole days; 0: the course's own period", {0}},
    {"group", COLUMN_GROUP, true, 254, "join this group of that course, made when missing", {0}},
    {"cohort", COLUMN_COHORT, true, 100, "join this cohort, made when missing", {0}},
    {"sysrole", COLUMN_SYSROLE, true, 101, "a role in the whole site; -role removes it", {0}},
    {"category", COLUMN_CATEGORY, true, 100, "idnumber of a course category", {0}},
    {"categoryrole", COLUMN_CATEGORYROLE, true, 100, "a role in that category", {0}},
    {"error_line", COLUMN_REMARK, false, 0, "a retry file's own column, ignored", {0}},
    {"error_code", COLUMN_REMARK, false, 0, "a retry file's own column, ignored", {0}},
    {"error_message", COLUMN_REMARK, false, 0, "a retry file's own column, ignored", {0}},
};

/* The columns of create course groups files; "groupname" makes a file one (facts 7.2). */
static const struct column group_columns[] = {
    {"groupname", COLUMN_GROUPNAME, false, 254, "the group to be made", {0}},
    {"groupidnumber", COLUMN_GROUPIDNUMBER, false, 100, "its number in other systems", {0}},
    {"description", COLUMN_GROUPDESCRIPTION, false, 0, "text about the group", {0}},
    {"enrolmentkey", COLUMN_ENROLMENTKEY, false, 50, "lets people join the group", {0}},
    {"groupingname", COLUMN_GROUPINGNAME, false, 255, "a grouping for it, made when missing", {0}},
    {"enablemessaging", COLUMN_ENABLEMESSAGING, false, 32, "1: a conversation of its own", {0}},
    {"lang", COLUMN_VOID, false, 0, "has no effect", {0}},
    {"coursename", COLUMN_COURSENAME, false, 255, "short name of the course", {0}},
    {"idnumber", COLUMN_COURSE_IDNUMBER, false, 100, "idnumber of the course", {0}},
    {"error_line", COLUMN_REMARK, false, 0, "a retry file's own column, ignored", {0}},
    {"error_code", COLUMN_REMARK, false, 0, "a retry file's own column, ignored", {0}},
    {"error_message", COLUMN_REMARK, false, 0, "a retry file's own column, ignored", {0}},
};

enum {
	COLUMNS = sizeof columns / sizeof *columns,
	GROUP_COLUMNS = sizeof group_columns / sizeof *group_columns,
};

static const char profile_prefix[] = "profile_field_";
enum { PROFILE_PREFIX = sizeof profile_prefix - 1, NUMBER_MAX = 9 };

const struct column *columns_all(size_t *count)
{
	*count = COLUMNS;
	return columns;
}

const struct column *columns_of_groups(size_t *count)
{
	*count = GROUP_COLUMNS;
	return group_columns;
}

static uint32_t details_begin(void)
{
	uint32_t i = 0;
	while (columns[i].id != COLUMN_DETAIL)
		i++;
	return i;
}

const struct column *columns_detail(uint32_t detail)
{
	const struct column *column = &columns[details_begin() + detail];
	assert(column->id == COLUMN_DETAIL); /* the details stand together */
	return column;
}

uint32_t columns_details_count(void)
{
	uint32_t begin = details_begin(), end = begin;
	while (columns[end].id == COLUMN_DETAIL)
		end++;
	assert(end - begin <= DETAILS_MAX);
	return end - begin;
}

/* Length of the digits at the end of a name. */
static size_t digits_at_end(struct slice name)
{
	size_t digits = 0;
	while (digits < name.size && name.bytes[name.size - 1 - digits] >= '0' &&
	       name.bytes[name.size - 1 - digits] <= '9')
		digits++;
	return digits;
}

static const struct column *column_find(struct slice name)
{
	size_t digits = digits_at_end(name);
	for (size_t i = 0; i < COLUMNS; i++) {
		struct slice stem = name;
		stem.size -= columns[i].is_numbered ? digits : 0;
		if ((!columns[i].is_numbered || digits > 0) &&
		    slice_is(stem, slice_of(columns[i].name)))
			return &columns[i];
	}
	return NULL;
}

static const struct column *group_column_find(struct slice name)
{
	for (size_t i = 0; i < GROUP_COLUMNS; i++)
		if (slice_is(name, slice_of(group_columns[i].name)))
			return &group_columns[i];
	return NULL;
}

static bool is_same_letters(struct slice a, struct slice b)
{
	return a.size == b.size && strncasecmp(a.bytes, b.bytes, a.size) == 0;
}

struct slice columns_profile_name(struct slice name)
{
	if (name.size <= PROFILE_PREFIX || strncasecmp(name.bytes, profile_prefix, PROFILE_PREFIX))
		return SLICE("");
	return (struct slice){name.bytes + PROFILE_PREFIX, name.size - PROFILE_PREFIX};
}

bool columns_has_default(struct slice name)
{
	const struct column *column = column_find(name);
	return columns_profile_name(name).size > 0 ||
	       (column && (column->id == COLUMN_DETAIL || column->id == COLUMN_AUTH));
}

bool columns_is_known(const struct policy *policy, struct slice name)
{
	char lower[64];
	for (size_t i = 0; i + 1 < policy->columns.count; i += 2)
		if (is_same_letters(slice_of(policy->columns.items[i]), name))
			return true;
	if (name.size >= sizeof lower)
		return columns_profile_name(name).size > 0;
	for (size_t i = 0; i < name.size; i++)
		lower[i] = name.bytes[i] >= 'A' && name.bytes[i] <= 'Z'
		               ? (char)(name.bytes[i] + 'a' - 'A')
		               : name.bytes[i];
	struct slice text = {lower, name.size};
	return column_find(text) || group_column_find(text) || columns_profile_name(name).size > 0;
}

/* ---- a header in the making ---- */

/* A name or a number that was met before, and where. */
struct met {
	UT_hash_handle hh;
	uint32_t index;
	bool has_failed;
};

#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(entry) ((entry)->has_failed = true)

struct making {
	const struct header_terms *terms;
	struct arena *arena;
	struct header *header;
	uint64_t line;
	struct met *names;   /* of columns, in lower case */
	struct met *numbers; /* of slots */
};

/* The index under which the text was met first: `index` when that is now. */
static uint32_t met_before(
    struct making *making, struct met **table, struct slice text, uint32_t index)
{
	struct met *met = NULL;
	HASH_FIND(hh, *table, text.bytes, text.size, met);
	if (met)
		return met->index;
	met = arena_alloc(making->arena, sizeof *met);
	if (!met)
		return index;
	met->index = index;
	HASH_ADD_KEYPTR(hh, *table, text.bytes, text.size, met);
	if (met->has_failed)
		arena_fail(making->arena);
	return index;
}

static uint32_t slot_find(struct making *making, struct slice number)
{
	struct header *header = making->header;
	uint32_t s = met_before(making, &making->numbers, number, (uint32_t)header->slots_count);
	if (s == header->slots_count) {
		header->slots[s].number = number;
		for (size_t id = 0; id < COLUMN_IDS; id++)
			header->slots[s].columns[id] = COLUMN_NONE;
		header->slots_count++;
	}
	return s;
}

static const struct profile_field *profile_find(
    const struct site_facts *site, struct slice name, bool any_case)
{
	for (size_t i = 0; site && i < site->profile_fields_count; i++) {
		const struct profile_field *field = &site->profile_fields[i];
		if (any_case ? is_same_letters(field->shortname, name)
		             : slice_is(field->shortname, name))
			return field;
	}
	return NULL;
}

/* True: the column is a profile field of the site. */
static bool profile_take(struct making *making, struct header_column *column)
{
	const struct site_facts *site = making->terms->site;
	struct slice written = columns_profile_name(value_trim(column->cell));
	struct slice name = columns_profile_name(column->name);
	if (name.size == 0)
		return false;
	/* As it is written, then however it is written; a mapped name is in lower case. */
	const struct profile_field *field =
	    profile_find(site, written.size > 0 ? written : name, false);
	field = field ? field : profile_find(site, name, true);
	if (!field)
		return false;
	column->id = COLUMN_PROFILE;
	column->index = (uint32_t)(field - site->profile_fields);
	column->characters_max = (uint32_t)field->characters_max;
	return true;
}

static void known_take(
    struct making *making, struct header_column *column, const struct column *known)
{
	struct header *header = making->header;
	uint32_t index = (uint32_t)(column - header->columns);
	column->id = known->id;
	column->characters_max = known->characters_max;
	if (known->id == COLUMN_DETAIL) {
		column->index = (uint32_t)(known - columns_detail(0));
		header->details[column->index] = index;
	} else if (known->is_numbered) {
		struct slice number = column->name;
		number.size = digits_at_end(column->name);
		number.bytes += column->name.size - number.size;
		column->slot = slot_find(making, number);
		header->slots[column->slot].columns[known->id] = index;
	} else {
		header->single[known->id] = index;
	}
}

static struct error column_add(struct making *making, struct header_column *column)
{
	uint32_t index = (uint32_t)(column - making->header->columns);
	bool is_of_groups = making->header->is_of_groups;
	const struct column *known =
	    is_of_groups ? group_column_find(column->name) : column_find(column->name);
	if (known)
		known_take(making, column, known);
	else if (is_of_groups || !profile_take(making, column))
		column->id = COLUMN_UNKNOWN;
	if (column->id == COLUMN_UNKNOWN &&
	    making->terms->policy->unknown_columns == UNKNOWN_REFUSE)
		return error_reject("header_unknown_column", making->line,
		    "column %u, '%.*s', is not a column enrold knows: correct its name or set "
		    "unknown_columns: ignore",
		    index + 1, SLICE_ARG(column->cell));
	uint32_t first = column->id == COLUMN_UNKNOWN
	                     ? index
	                     : met_before(making, &making->names, column->name, index);
	if (first != index)
		return error_reject("header_duplicate_column", making->line,
		    "columns %u and %u are both '%.*s': remove one", first + 1, index + 1,
		    SLICE_ARG(column->cell));
	return OK;
}

static struct error cell_check(struct slice cell, uint32_t index, uint64_t line)
{
	enum value_fault fault = value_check(cell);
	if (fault == VALUE_CLEAN)
		return OK;
	return error_reject("header_broken", line, "column %u of the header %s", index + 1,
	    fault == VALUE_NOT_UTF8
	        ? "cannot be decoded: save the file as UTF-8 or set csv: {encoding: ...}"
	        : "has a NUL or control character: remove it, or save the file as UTF-8");
}

/* What the feed says that its files call it otherwise. */
static struct slice name_mapped(const struct policy *policy, struct slice name, struct arena *arena)
{
	for (size_t i = 0; i + 1 < policy->columns.count; i += 2) {
		struct slice from = value_lower(slice_of(policy->columns.items[i]), arena);
		if (slice_is(from, name))
			return value_lower(slice_of(policy->columns.items[i + 1]), arena);
	}
	return name;
}

static struct error names_read(struct making *making, const struct csvin_record *record)
{
	for (uint32_t i = 0; i < record->cells_count; i++) {
		struct header_column *column = &making->header->columns[i];
		struct error error = cell_check(record->cells[i], i, record->line);
		if (is_error(&error))
			return error;
		column->cell = arena_copy(making->arena, record->cells[i]);
		column->name = name_mapped(making->terms->policy,
		    value_lower(value_trim(column->cell), making->arena), making->arena);
		making->header->is_of_groups |= slice_is(column->name, SLICE("groupname"));
	}
	return OK;
}

static struct error columns_take(struct making *making, const struct csvin_record *record)
{
	struct error error = names_read(making, record);
	if (!is_error(&error) && record->cells_count < 2 && !making->header->is_of_groups)
		error = error_reject("header_too_few_columns", record->line,
		    "the header has one column: name at least two, separated by commas");
	for (uint32_t i = 0; i < record->cells_count && !is_error(&error); i++) {
		struct header_column *column = &making->header->columns[i];
		error = column_add(making, column);
		making->header->has_cohorts |= column->id == COLUMN_COHORT;
	}
	return error;
}

/* ---- the header as a whole ---- */

/* Files of new accounts may leave the user names to the feed's template. */
static bool may_lack_key(const struct policy *policy)
{
	return policy->username_template &&
	       (policy->upload_type == UPLOAD_ADD || policy->upload_type == UPLOAD_ADD_INCREMENT);
}

static struct error key_find(struct header *header, const struct policy *policy, uint64_t line)
{
	static const struct {
		const char *name, *code;
	} keys[] = {
	    [MATCH_USERNAME] = {"username", "header_without_username"},
	    [MATCH_EMAIL] = {"email", "header_without_email"},
	    [MATCH_IDNUMBER] = {"idnumber", "header_without_idnumber"},
	};
	bool adds =
	    policy->upload_type == UPLOAD_ADD || policy->upload_type == UPLOAD_ADD_INCREMENT;
	enum policy_match_by by = adds ? MATCH_USERNAME : policy->match_by;
	header->key = by == MATCH_USERNAME ? header->single[COLUMN_USERNAME]
	              : by == MATCH_EMAIL  ? header->details[DETAIL_EMAIL]
	                                   : header->details[DETAIL_IDNUMBER];
	if (header->key != COLUMN_NONE || may_lack_key(policy))
		return OK;
	return error_reject(keys[by].code, line, "the header has no column '%s'%s: add it",
	    keys[by].name, by == MATCH_USERNAME ? "" : ", by which people are found (match_by)");
}

static struct header *header_alloc(size_t count, struct arena *arena)
{
	struct header *header = arena_alloc(arena, sizeof *header);
	struct header_column *named = arena_alloc(arena, count * sizeof *named);
	struct header_slot *slots = arena_alloc(arena, count * sizeof *slots);
	if (!header || !named || !slots)
		return NULL;
	*header = (struct header){.columns_count = count,
	    .columns = named,
	    .slots = slots,
	    .key = COLUMN_NONE,
	    .delimiter = ','};
	for (size_t id = 0; id < COLUMN_IDS; id++)
		header->single[id] = COLUMN_NONE;
	for (size_t i = 0; i < DETAILS_MAX; i++)
		header->details[i] = COLUMN_NONE;
	return header;
}

struct error header_parse(const struct csvin_record *record, const struct header_terms *terms,
    struct arena *arena, struct header **result)
{
	size_t count = record->cells_count;
	if (record->fault != CSVIN_WHOLE)
		return error_reject("header_broken", record->line, "the header %s",
		    record->fault == CSVIN_BROKEN
		        ? "has text after a closing quote: correct its quotes"
		        : "is too long or has too many columns");
	struct making making = {.terms = terms,
	    .arena = arena,
	    .header = header_alloc(count, arena),
	    .line = record->line};
	if (!making.header)
		return error_memory("reading the header");
	struct error error = columns_take(&making, record);
	HASH_CLEAR(hh, making.names);
	HASH_CLEAR(hh, making.numbers);
	if (!is_error(&error) && !making.header->is_of_groups)
		error = key_find(making.header, terms->policy, record->line);
	if (!is_error(&error) && arena_has_failed(arena))
		error = error_memory("reading the header");
	*result = making.header;
	return error;
}
