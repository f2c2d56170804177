/*
 * words_own: whether a word means something in a column by itself, in the columns that take certain
 * words only. What is asked of the LMS, or takes any text, is not judged here.
 */
#include "words.h"

#include "enrold/detail.h"
#include "enrold/value.h"

#include <string.h>

static bool is_role(const struct site_facts *site, struct slice cell)
{
	int64_t id;
	if (cell.size > 0 && cell.bytes[0] == '-')
		cell = value_trim((struct slice){cell.bytes + 1, cell.size - 1});
	bool by_id = value_parse_whole(cell, &id);
	for (size_t i = 0; site && i < site->roles_count; i++)
		if (by_id ? site->roles[i].id == id : slice_is(site->roles[i].shortname, cell))
			return true;
	return !site;
}

static bool is_number_of(const char *numbers, struct slice cell)
{
	return cell.size == 1 && cell.bytes[0] >= '0' && cell.bytes[0] <= '9' &&
	       strchr(numbers, cell.bytes[0]);
}

static bool is_detail(const struct words *words, uint32_t detail, struct slice cell)
{
	const struct column *column = columns_detail(detail);
	const struct batch batch = {.policy = words->policy, .site = words->site};
	struct slice value;
	const char *expected;
	switch (column->detail.kind) {
	case DETAIL_COUNTRY:
	case DETAIL_LANGUAGE:
	case DETAIL_TIMEZONE:
	case DETAIL_THEME:
		return !words->site ||
		       detail_read(&batch, column, cell, &value, &expected) == DETAIL_GOOD;
	case DETAIL_NUMBER: return is_number_of(column->detail.numbers, cell);
	case DETAIL_RAW:
	case DETAIL_TEXT:
	case DETAIL_ADDRESS: break;
	}
	return true;
}

static bool is_option(struct slice options, struct slice cell)
{
	enum { ROOM = 4096 };
	char of_option[ROOM], of_cell[ROOM];
	cell = value_apart(cell, of_cell, sizeof of_cell);
	while (options.size > 0) {
		const char *end = memchr(options.bytes, '\n', options.size);
		size_t size = end ? (size_t)(end - options.bytes) : options.size;
		struct slice option = value_trim((struct slice){options.bytes, size});
		if (slice_is(value_apart(option, of_option, sizeof of_option), cell))
			return true;
		size_t step = end ? size + 1 : size;
		options.bytes += step;
		options.size -= step;
	}
	return false;
}

static bool is_profile(const struct words *words, uint32_t field, struct slice cell)
{
	const struct profile_field *profile = &words->site->profile_fields[field];
	bool truth;
	if (profile->kind == PROFILE_MENU)
		return is_option(profile->param1, cell);
	return profile->kind != PROFILE_CHECKBOX || truth_read(cell, &truth);
}

bool word_is_own(const struct words *words, const struct header_column *column, struct slice cell)
{
	enum column_id id = column->id;
	bool truth;
	if (id == COLUMN_DELETED || id == COLUMN_SUSPENDED || id == COLUMN_UNENROL)
		return truth_read(cell, &truth);
	if (id == COLUMN_ENROLSTATUS || id == COLUMN_TYPE)
		return is_number_of(id == COLUMN_TYPE ? "0123" : "01", cell);
	if (id == COLUMN_ROLE || id == COLUMN_SYSROLE || id == COLUMN_CATEGORYROLE)
		return is_role(words->site, cell);
	if (id == COLUMN_DETAIL)
		return is_detail(words, column->index, cell);
	if (id == COLUMN_PROFILE)
		return is_profile(words, column->index, cell);
	return id != COLUMN_WORD;
}
