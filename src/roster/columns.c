#include "enrold/columns.h"

#include "roster.h"

#include "enrold/value.h"

#include <assert.h>
#include <strings.h>

/* No limit where only certain values will do: another's length is not what is wrong with it. */
#define DETAIL(...) COLUMN_DETAIL, false, __VA_ARGS__

static const struct column columns[] = {
    {"username", COLUMN_USERNAME, false, USERNAME_MAX, "the person", {0}},
    {"oldusername", COLUMN_OLDUSERNAME, false, USERNAME_MAX, "rename the account of this name",
        {0}},
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
    {"emailstop",
        DETAIL(0, "1: gets no e-mail", {DETAIL_NUMBER, .fallback = "0", .numbers = "0 or 1"})},
    {"city", DETAIL(120, "town", {DETAIL_TEXT, .setting = "defaultcity", .fallback = ""})},
    {"country", DETAIL(0, "two capital letters, as DE or GB",
                    {DETAIL_COUNTRY, .setting = "country", .fallback = ""})},
    {"lang", DETAIL(30, "code of a language, as en or de_ch",
                 {DETAIL_LANGUAGE, .setting = "lang", .fallback = "en"})},
    {"timezone", DETAIL(100, "name of a time zone; 99: the server's", {.kind = DETAIL_TIMEZONE})},
    {"mailformat", DETAIL(0, "0 plain text, 1 HTML",
                       {DETAIL_NUMBER, .setting = "defaultpreference_mailformat", .fallback = "1",
                           .numbers = "0 or 1"})},
    {"maildigest", DETAIL(0, "0 none, 1 complete, 2 subjects",
                       {DETAIL_NUMBER, .setting = "defaultpreference_maildigest", .fallback = "0",
                           .numbers = "0, 1 or 2"})},
    {"maildisplay", DETAIL(0, "address shown to: 0 nobody, 1 everybody, 2 course members",
                        {DETAIL_NUMBER, .setting = "defaultpreference_maildisplay", .fallback = "2",
                            .numbers = "0, 1 or 2"})},
    {"autosubscribe", DETAIL(0, "1: is subscribed to forums",
                          {DETAIL_NUMBER, .setting = "defaultpreference_autosubscribe",
                              .fallback = "1", .numbers = "0 or 1"})},
    {"institution", DETAIL(255, "institution", {DETAIL_TEXT, .fallback = ""})},
    {"department", DETAIL(255, "department", {DETAIL_TEXT, .fallback = ""})},
    {"phone1", DETAIL(20, "telephone", {DETAIL_TEXT, .fallback = ""})},
    {"phone2", DETAIL(20, "mobile telephone", {DETAIL_TEXT, .fallback = ""})},
    {"address", DETAIL(255, "address", {DETAIL_TEXT, .fallback = ""})},
    {"description", DETAIL(0, "text about the person", {DETAIL_RAW, .fallback = ""})},
    {"descriptionformat",
        DETAIL(0, "0 Moodle's, 1 HTML, 2 plain, 4 Markdown",
            {DETAIL_NUMBER, .fallback = "1", .numbers = "0, 1, 2 or 4", .is_free = true})},
    {"theme", DETAIL(50, "where the site lets people have their own",
                  {DETAIL_THEME, .fallback = "", .is_free = true})},
    {"htmleditor", COLUMN_VOID, false, 0, "has no effect any more", {0}},
    {"id", COLUMN_VOID, false, 0, "has no effect", {0}},
    {"interests", COLUMN_INTERESTS, false, 0, "tags of the person, where a site has them", {0}},

    {"course", COLUMN_COURSE, true, 255,
        "enrol into the course of exactly this short name, or idnumber (course_by)", {0}},
    {"role", COLUMN_ROLE, true, 100,
        "short name or id of the role, else the course's own; -role removes it", {0}},
    {"type", COLUMN_TYPE, true, 32, "1, 2, 3: the roles of type_roles, where no role is named",
        {0}},
    {"enrolstatus", COLUMN_ENROLSTATUS, true, 32, "0 active, 1 suspended", {0}},
    {"enroltimestart", COLUMN_ENROLTIMESTART, true, 64, "date from which the enrolment holds", {0}},
    {"enrolperiod", COLUMN_ENROLPERIOD, true, 32, "whole days; 0: the course's own period", {0}},
    {"enroltimeend", COLUMN_ENROLTIMEEND, true, 64, "date on which the enrolment ends; 0: none",
        {0}},
    {"unenrol", COLUMN_UNENROL, true, 32, "1 takes the person out of that course", {0}},
    {"group", COLUMN_GROUP, true, 254,
        "join this group of that course, made when missing; -group leaves it", {0}},
    {"cohort", COLUMN_COHORT, true, 100, "join this cohort, made when missing; -cohort leaves it",
        {0}},
    {"sysrole", COLUMN_SYSROLE, true, 101, "a role in the whole site; -role removes it", {0}},
    {"category", COLUMN_CATEGORY, true, 100, "idnumber of a course category", {0}},
    {"categoryrole", COLUMN_CATEGORYROLE, true, 100, "a role in that category; -role removes it",
        {0}},
    {"error_file", COLUMN_ERROR_FILE, false, 0, "a retry file's own: where the row is from", {0}},
    {"error_run", COLUMN_ERROR_RUN, false, 0, "a retry file's own: the run of that file", {0}},
    {"error_line", COLUMN_ERROR_LINE, false, 0, "a retry file's own: its line there", {0}},
    {"error_code", COLUMN_ERROR_CODE, false, 0, "a retry file's own: what was wrong", {0}},
    {"error_message", COLUMN_REMARK, false, 0, "a retry file's own: the same in words", {0}},
};

/* The columns of create course groups files; "groupname" makes a file one (lms/README 7.2). */
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
    {"error_file", COLUMN_ERROR_FILE, false, 0, "a retry file's own: where the row is from", {0}},
    {"error_run", COLUMN_ERROR_RUN, false, 0, "a retry file's own: the run of that file", {0}},
    {"error_line", COLUMN_ERROR_LINE, false, 0, "a retry file's own: its line there", {0}},
    {"error_code", COLUMN_ERROR_CODE, false, 0, "a retry file's own: what was wrong", {0}},
    {"error_message", COLUMN_REMARK, false, 0, "a retry file's own: the same in words", {0}},
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
size_t column_digits(struct slice name)
{
	size_t digits = 0;
	while (digits < name.size && name.bytes[name.size - 1 - digits] >= '0' &&
	       name.bytes[name.size - 1 - digits] <= '9')
		digits++;
	return digits;
}

static const struct column *person_column_find(struct slice name)
{
	size_t digits = column_digits(name);
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

const struct column *column_find(struct slice name, bool is_of_groups)
{
	return is_of_groups ? group_column_find(name) : person_column_find(name);
}

bool column_wants_number(struct slice name, bool is_of_groups)
{
	for (size_t i = 0; !is_of_groups && i < COLUMNS; i++)
		if (columns[i].is_numbered && slice_is(name, slice_of(columns[i].name)))
			return true;
	return false;
}

bool is_same_letters(struct slice a, struct slice b)
{
	return a.size == b.size && strncasecmp(a.bytes, b.bytes, a.size) == 0;
}

struct slice columns_profile_name(struct slice name)
{
	if (name.size <= PROFILE_PREFIX ||
	    strncasecmp(name.bytes, profile_prefix, PROFILE_PREFIX) != 0)
		return SLICE("");
	return (struct slice){name.bytes + PROFILE_PREFIX, name.size - PROFILE_PREFIX};
}

bool columns_has_default(struct slice name)
{
	const struct column *column = person_column_find(name);
	return columns_profile_name(name).size > 0 ||
	       (column && (column->id == COLUMN_DETAIL || column->id == COLUMN_AUTH));
}

struct slice columns_fold(struct slice heading, struct arena *arena)
{
	struct slice lower = value_fold(heading, arena);
	char *folded = arena_alloc(arena, lower.size + 1);
	size_t size = 0;
	bool was_blank = true;
	for (size_t i = 0; folded && i < lower.size; i++) {
		bool is_blank = slice_has(SLICE(" \t\r\n"), lower.bytes[i]);
		if (!is_blank)
			folded[size++] = lower.bytes[i];
		else if (!was_blank)
			folded[size++] = ' ';
		was_blank = is_blank;
	}
	return folded ? value_trim((struct slice){folded, size}) : SLICE("");
}

/* Among the first texts of each of these parts. */
static bool list_names(
    const struct text_list *list, size_t parts, struct slice name, struct arena *arena)
{
	for (size_t i = 0; i < list->count; i += parts)
		if (slice_is(columns_fold(slice_of(list->items[i]), arena), name))
			return true;
	return false;
}

static bool is_mapped(const struct policy *policy, struct slice name)
{
	bool has_names = policy->columns.count > 0 || policy->values.count > 0;
	struct arena *arena = has_names ? arena_create() : NULL;
	if (!arena)
		return false;
	name = columns_fold(name, arena);
	bool is_found = list_names(&policy->columns, 2, name, arena) ||
	                list_names(&policy->values, 4, name, arena);
	arena_free(arena);
	return is_found;
}

bool columns_is_known(const struct policy *policy, struct slice name)
{
	char lower[64];
	if (is_mapped(policy, name))
		return true;
	if (name.size >= sizeof lower)
		return columns_profile_name(name).size > 0;
	for (size_t i = 0; i < name.size; i++)
		lower[i] = name.bytes[i] >= 'A' && name.bytes[i] <= 'Z'
		               ? (char)(name.bytes[i] + 'a' - 'A')
		               : name.bytes[i];
	struct slice text = {lower, name.size};
	return person_column_find(text) || group_column_find(text) ||
	       columns_profile_name(name).size > 0;
}
