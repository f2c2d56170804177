#include "enrold/member_line.h"

#include <inttypes.h>

/* A file that was not read has no lines. */
static bool is_within(uint64_t line, uint64_t first, uint64_t lines)
{
	return first > 0 && line >= first && line - first < lines;
}

struct member_line member_line_of(const struct summary_member *members, size_t count, uint64_t line)
{
	for (size_t i = 0; i < count; i++) {
		const struct summary_member *member = &members[i];
		if (is_within(line, member->first_line, member->lines))
			return (struct member_line){member->name, line - member->first_line + 1};
	}
	return (struct member_line){NULL, line};
}

/* Somebody else may have written the summary: what is no number of lines has none. */
static uint64_t count_of(const json_t *member, const char *name)
{
	json_int_t count = json_integer_value(json_object_get(member, name));
	return count > 0 ? (uint64_t)count : 0;
}

struct member_line member_line_read(const json_t *summary, uint64_t line)
{
	const json_t *input = json_object_get(summary, "input"), *member;
	size_t i;
	json_array_foreach(json_object_get(input, "members"), i, member)
	{
		const char *name = json_string_value(json_object_get(member, "name"));
		uint64_t first = count_of(member, "first_line");
		if (name && is_within(line, first, count_of(member, "lines")))
			return (struct member_line){name, line - first + 1};
	}
	return (struct member_line){NULL, line};
}

void member_line_print(const struct member_line *at, struct buffer *out)
{
	if (at->name) {
		buffer_add_text(out, at->name);
		buffer_add_text(out, ", ");
	}
	buffer_print(out, "line %" PRIu64, at->line);
}
