/*
 * notice_text: a notice as a line of JSON, and back. Pure. One table of members says which kind has
 * which, and of what type it is: what is written is what is read.
 */
#include "notice_text.h"

#include "jsonin.h"

#include "enrold/jsonout.h"
#include "enrold/value.h"

#include <jansson.h>
#include <stddef.h>

enum { VERSION = 1 };

static const char *const kinds[NOTICE_KINDS] = {
    [NOTICE_RUN] = "run",
    [NOTICE_LATE] = "late",
    [NOTICE_STALE] = "stale",
    [NOTICE_ON_TIME] = "on_time",
    [NOTICE_DUE] = "due",
};

/* Which kinds a member is of, as bits. */
enum {
	OF_RUN = 1 << NOTICE_RUN,
	OF_EXPECT = 1 << NOTICE_LATE | 1 << NOTICE_STALE,
	OF_DUE = 1 << NOTICE_DUE,
	OF_ALL = (1 << NOTICE_KINDS) - 1,
};

enum type { TYPE_TEXT, TYPE_COUNT, TYPE_TIME, TYPE_FLAG };

/* Those that are needed are in every notice of the kind. */
static const struct member {
	const char *name;
	enum type type;
	int of;
	size_t offset;
	bool is_needed;
} members[] = {
    {"id", TYPE_TEXT, OF_ALL, offsetof(struct notice, id), true},
    {"feed", TYPE_TEXT, OF_ALL, offsetof(struct notice, feed), true},
    {"node", TYPE_TEXT, OF_ALL, offsetof(struct notice, node), false},
    {"at_us", TYPE_TIME, OF_ALL, offsetof(struct notice, at_us), true},
    {"run", TYPE_TEXT, OF_RUN, offsetof(struct notice, run), true},
    {"file", TYPE_TEXT, OF_RUN, offsetof(struct notice, file), false},
    {"mode", TYPE_TEXT, OF_RUN, offsetof(struct notice, mode), false},
    {"status", TYPE_TEXT, OF_RUN, offsetof(struct notice, status), true},
    {"code", TYPE_TEXT, OF_RUN, offsetof(struct notice, code), false},
    {"line", TYPE_COUNT, OF_RUN, offsetof(struct notice, line), false},
    {"member", TYPE_TEXT, OF_RUN, offsetof(struct notice, member), false},
    {"member_line", TYPE_COUNT, OF_RUN, offsetof(struct notice, member_line), false},
    {"number", TYPE_COUNT, OF_RUN, offsetof(struct notice, number), false},
    {"accepted", TYPE_FLAG, OF_RUN, offsetof(struct notice, is_accepted), false},
    {"passwords", TYPE_FLAG, OF_RUN, offsetof(struct notice, has_passwords), false},
    {"rows", TYPE_COUNT, OF_RUN, offsetof(struct notice, rows), false},
    {"rows_in_error", TYPE_COUNT, OF_RUN, offsetof(struct notice, rows_in_error), false},
    {"plan_rows", TYPE_COUNT, OF_RUN, offsetof(struct notice, plan_rows), false},
    {"plan_people", TYPE_COUNT, OF_RUN, offsetof(struct notice, plan_people), false},
    {"order_verb", TYPE_TEXT, OF_RUN, offsetof(struct notice, order_verb), false},
    {"origin", TYPE_TEXT, OF_RUN, offsetof(struct notice, origin), false},
    {"order_of", TYPE_TEXT, OF_RUN, offsetof(struct notice, order_of), false},
    {"other_rows", TYPE_COUNT, OF_RUN, offsetof(struct notice, other_rows), false},
    {"result", TYPE_TEXT, OF_RUN, offsetof(struct notice, result), false},
    {"retry", TYPE_TEXT, OF_RUN, offsetof(struct notice, retry), false},
    {"plan", TYPE_TEXT, OF_RUN, offsetof(struct notice, plan), false},
    {"report", TYPE_TEXT, OF_RUN, offsetof(struct notice, report), false},
    {"summary", TYPE_TEXT, OF_RUN, offsetof(struct notice, summary), false},
    {"since_us", TYPE_TIME, OF_EXPECT, offsetof(struct notice, since_us), false},
    {"expected", TYPE_TEXT, OF_EXPECT, offsetof(struct notice, expected), false},
    {"people", TYPE_COUNT, OF_DUE, offsetof(struct notice, people), false},
    {"day", TYPE_TEXT, OF_DUE, offsetof(struct notice, day), true},
};

/* Of one cause. */
static const struct member cause_members[] = {
    {"outcome", TYPE_TEXT, OF_ALL, offsetof(struct notice_cause, outcome), true},
    {"code", TYPE_TEXT, OF_ALL, offsetof(struct notice_cause, code), true},
    {"column", TYPE_TEXT, OF_ALL, offsetof(struct notice_cause, column), false},
    {"rows", TYPE_COUNT, OF_ALL, offsetof(struct notice_cause, rows), false},
    {"line", TYPE_COUNT, OF_ALL, offsetof(struct notice_cause, line), false},
    {"member", TYPE_TEXT, OF_ALL, offsetof(struct notice_cause, member), false},
    {"member_line", TYPE_COUNT, OF_ALL, offsetof(struct notice_cause, member_line), false},
};

enum {
	MEMBERS = sizeof members / sizeof *members,
	CAUSE_MEMBERS = sizeof cause_members / sizeof *cause_members
};

const char *notice_kind_name(enum notice_kind kind)
{
	return kinds[kind];
}

bool notice_is_id(const char *id)
{
	size_t length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	                           "._-");
	return length > 0 && length <= NOTICE_ID_MAX && id[length] == '\0' && *id != '.';
}

static bool is_break(char c)
{
	return c == '\t' || c == '\r' || c == '\n';
}

/* ---- out ---- */

/* A text from outside may be anything; what of it breaks lines would break a mail's. */
static json_t *shown_json(const char *text)
{
	struct buffer shown = {0};
	value_show(slice_of(text), &shown);
	for (size_t i = 0; i < shown.size; i++)
		if (is_break(shown.bytes[i]))
			shown.bytes[i] = ' ';
	json_t *value =
	    shown.failed ? NULL : json_stringn(shown.bytes ? shown.bytes : "", shown.size);
	buffer_done(&shown);
	return value;
}

static int set(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value);
}

static int set_count(json_t *object, const char *name, uint64_t count)
{
	return count == 0 ? 0
	                  : set(object, name,
	                        json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count));
}

static int member_set(json_t *object, const struct member *member, const void *base)
{
	const char *field = (const char *)base + member->offset;
	const char *text;
	uint64_t count;
	int64_t time_us;
	bool is;
	switch (member->type) {
	case TYPE_TEXT:
		memcpy(&text, field, sizeof text);
		return text ? set(object, member->name, shown_json(text)) : 0;
	case TYPE_COUNT:
		memcpy(&count, field, sizeof count);
		return set_count(object, member->name, count);
	case TYPE_TIME:
		memcpy(&time_us, field, sizeof time_us);
		return time_us == 0 ? 0 : set(object, member->name, json_integer(time_us));
	case TYPE_FLAG:
		memcpy(&is, field, sizeof is);
		return is ? set(object, member->name, json_true()) : 0;
	}
	return 0;
}

static json_t *outcomes_json(const struct notice *notice)
{
	json_t *object = json_object();
	int failed = 0;
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		failed |= set_count(object, outcome_kind_name(kind), notice->outcomes[kind]);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *cause_json(const struct notice_cause *cause)
{
	json_t *object = json_object();
	int failed = 0;
	for (size_t i = 0; i < CAUSE_MEMBERS; i++)
		failed |= member_set(object, &cause_members[i], cause);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *causes_json(const struct notice *notice)
{
	json_t *array = json_array();
	int failed = 0;
	for (size_t i = 0; i < notice->causes_count && i < NOTICE_CAUSES_MAX; i++)
		failed |= json_array_append_new(array, cause_json(&notice->causes[i]));
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

void notice_format(const struct notice *notice, struct buffer *out)
{
	json_t *object = json_object();
	int failed = set(object, "v", json_integer(VERSION));
	failed |= set(object, "kind", json_string(kinds[notice->kind]));
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].of & 1 << notice->kind)
			failed |= member_set(object, &members[i], notice);
	if (notice->kind == NOTICE_RUN) {
		failed |= set(object, "outcomes", outcomes_json(notice));
		failed |= set(object, "causes", causes_json(notice));
	}
	jsonout_add(out, failed ? NULL : object, JSON_COMPACT);
	buffer_add_char(out, '\n');
	json_decref(object);
}

/* ---- in ---- */

static bool is_line(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (is_break(text.bytes[i]))
			return false;
	enum value_fault fault = value_check(text);
	return fault == VALUE_CLEAN || fault == VALUE_LOST; /* as it was shown */
}

static bool text_take(const json_t *value, struct arena *arena, char *field)
{
	struct slice text = {json_string_value(value), json_string_length(value)};
	if (!json_is_string(value) || !is_line(text))
		return false;
	const char *copy = arena_copy(arena, text).bytes;
	memcpy(field, &copy, sizeof copy);
	return true;
}

static bool member_take(
    const json_t *object, const struct member *member, struct arena *arena, void *base)
{
	char *field = (char *)base + member->offset;
	const json_t *value = json_object_get(object, member->name);
	json_int_t number = json_integer_value(value);
	bool is = json_is_true(value);
	if (!value)
		return !member->is_needed;
	switch (member->type) {
	case TYPE_TEXT: return text_take(value, arena, field);
	case TYPE_COUNT:
	case TYPE_TIME:
		memcpy(field, &number, sizeof number);
		return json_is_integer(value) && number >= 0;
	case TYPE_FLAG: memcpy(field, &is, sizeof is); return json_is_boolean(value);
	}
	return false;
}

static bool outcomes_take(const json_t *outcomes, struct notice *notice)
{
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++) {
		const json_t *value = json_object_get(outcomes, outcome_kind_name(kind));
		json_int_t number = json_integer_value(value);
		if (value && (!json_is_integer(value) || number < 0))
			return false;
		notice->outcomes[kind] = (uint64_t)number;
	}
	return !outcomes || json_is_object(outcomes);
}

static bool causes_take(const json_t *causes, struct arena *arena, struct notice *notice)
{
	size_t count = json_array_size(causes);
	if ((causes && !json_is_array(causes)) || count > NOTICE_CAUSES_MAX)
		return false;
	notice->causes = count > 0 ? arena_alloc(arena, count * sizeof *notice->causes) : NULL;
	notice->causes_count = notice->causes ? count : 0;
	for (size_t i = 0; i < notice->causes_count; i++) {
		const json_t *cause = json_array_get(causes, i);
		notice->causes[i].column = "";
		for (size_t m = 0; m < CAUSE_MEMBERS; m++)
			if (!member_take(cause, &cause_members[m], arena, &notice->causes[i]))
				return false;
	}
	return true;
}

static bool kind_take(const json_t *value, enum notice_kind *kind)
{
	const char *name = json_string_value(value);
	*kind = 0;
	while (*kind < NOTICE_KINDS && !(name && strcmp(name, kinds[*kind]) == 0))
		*kind += 1;
	return *kind < NOTICE_KINDS;
}

/* NULL: nothing is wrong with it; else the member that is. */
static const char *object_take(const json_t *object, struct arena *arena, struct notice *notice)
{
	if (json_integer_value(json_object_get(object, "v")) != VERSION)
		return "v";
	if (!kind_take(json_object_get(object, "kind"), &notice->kind))
		return "kind";
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].of & 1 << notice->kind &&
		    !member_take(object, &members[i], arena, notice))
			return members[i].name;
	if (notice->id && !notice_is_id(notice->id))
		return "id";
	if (notice->kind != NOTICE_RUN)
		return NULL;
	if (!outcomes_take(json_object_get(object, "outcomes"), notice))
		return "outcomes";
	return causes_take(json_object_get(object, "causes"), arena, notice) ? NULL : "causes";
}

struct error notice_parse(struct slice text, struct arena *arena, struct notice *notice)
{
	json_t *object = NULL;
	*notice = (struct notice){0};
	if (text.size > NOTICE_TEXT_MAX)
		return error_reject("bad_notice", 0, "it is larger than any notice");
	struct error error = jsonin_load(text, "reading a notice", &object);
	if (is_error(&error))
		return error;
	const char *wrong = object_take(object, arena, notice);
	json_decref(object);
	if (arena_has_failed(arena))
		return error_memory("reading a notice");
	return wrong ? error_reject("bad_notice", 0,
	                   "its member \"%s\" is not as enrold %d writes it", wrong, VERSION)
	             : OK;
}
