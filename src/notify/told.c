#include "told.h"

#include "enrold/jsonout.h"

#include <stdio.h>
#include <string.h>

static const char *const trouble_names[TROUBLES] = {
    [TROUBLE_REFUSED] = "refused",
    [TROUBLE_HELD] = "held",
    [TROUBLE_ERRORS] = "errors",
    [TROUBLE_LATE] = "late",
};

const char *trouble_name(enum trouble trouble)
{
	return trouble_names[trouble];
}

bool told_has_seen(const struct told *told, const char *id)
{
	for (size_t i = 0; i < told->seen_count; i++)
		if (strcmp(told->seen[i], id) == 0)
			return true;
	return false;
}

void told_see(struct told *told, const char *id)
{
	if (told->seen_count == TOLD_SEEN_MAX) {
		memmove(told->seen[0], told->seen[1], sizeof told->seen - sizeof told->seen[0]);
		told->seen_count--;
	}
	snprintf(told->seen[told->seen_count++], sizeof told->seen[0], "%s", id);
}

bool told_has(const struct told *told, enum trouble trouble)
{
	const bool has[TROUBLES] = {
	    [TROUBLE_REFUSED] = *told->refusal.run,
	    [TROUBLE_HELD] = told->plans_count > 0,
	    [TROUBLE_ERRORS] = told->problems_count > 0,
	    [TROUBLE_LATE] = told->late.is_late,
	};
	return has[trouble];
}

/* ---- out ---- */

static json_t *problems_pack(const struct told *told)
{
	json_t *list = json_array();
	for (size_t i = 0; i < told->problems_count; i++) {
		const struct told_problem *problem = &told->problems[i];
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I}", "code", problem->code, "column",
		              problem->column, "told", (json_int_t)problem->told_s));
	}
	return list;
}

static json_t *plans_pack(const struct told *told)
{
	json_t *list = json_array();
	for (size_t i = 0; i < told->plans_count; i++) {
		const struct told_plan *plan = &told->plans[i];
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "run", plan->run, "code",
		              plan->code, "people", (json_int_t)plan->people, "people_told",
		              (json_int_t)plan->people_told, "since", (json_int_t)plan->since_s,
		              "told", (json_int_t)plan->told_s));
	}
	return list;
}

/* A file's name may be no text; then it is remembered as it can be shown, and is another. */
static json_t *refusal_pack(const struct told_refusal *refusal)
{
	json_t *file = json_string(refusal->file), *member = json_string(refusal->member);
	return json_pack("{s:s, s:o, s:s, s:I, s:o, s:I, s:I}", "run", refusal->run, "file",
	    file ? file : json_string("?"), "code", refusal->code, "line",
	    (json_int_t)refusal->line, "member", member ? member : json_string("?"), "since",
	    (json_int_t)refusal->since_s, "told", (json_int_t)refusal->told_s);
}

static json_t *words_pack(const char *words, size_t size, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(words + i * size));
	return list;
}

void told_format(const struct told *told, struct buffer *out)
{
	json_t *object = json_pack("{s:i, s:s, s:o, s:o, s:o, s:{s:b, s:b, s:I, s:I}, s:o, s:o}",
	    "v", 1, "answer", told->answer, "problems", problems_pack(told), "plans",
	    plans_pack(told), "refusal", refusal_pack(&told->refusal), "late", "is",
	    told->late.is_late, "stale", told->late.is_stale, "since",
	    (json_int_t)told->late.since_s, "told", (json_int_t)told->late.told_s, "threads",
	    words_pack(told->threads[0], sizeof told->threads[0], TROUBLES), "seen",
	    words_pack(told->seen[0], sizeof told->seen[0], told->seen_count));
	jsonout_add(out, object, JSON_COMPACT);
	buffer_add_char(out, '\n');
	json_decref(object);
}

/* ---- in ---- */

static void word_take(const json_t *object, const char *name, char *word, size_t size)
{
	const char *value = json_string_value(json_object_get(object, name));
	snprintf(word, size, "%s", value ? value : "");
}

static int64_t number_take(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));
	return value > 0 ? value : 0;
}

static void problems_take(const json_t *list, struct told *told)
{
	for (size_t i = 0; i < json_array_size(list) && i < NOTICE_CAUSES_MAX; i++) {
		const json_t *item = json_array_get(list, i);
		struct told_problem *problem = &told->problems[told->problems_count++];
		word_take(item, "code", problem->code, sizeof problem->code);
		word_take(item, "column", problem->column, sizeof problem->column);
		problem->told_s = number_take(item, "told");
	}
}

static void plans_take(const json_t *list, struct told *told)
{
	for (size_t i = 0; i < json_array_size(list) && i < TOLD_PLANS_MAX; i++) {
		const json_t *item = json_array_get(list, i);
		struct told_plan *plan = &told->plans[told->plans_count++];
		word_take(item, "run", plan->run, sizeof plan->run);
		word_take(item, "code", plan->code, sizeof plan->code);
		plan->people = (uint64_t)number_take(item, "people");
		plan->people_told = (uint64_t)number_take(item, "people_told");
		plan->since_s = number_take(item, "since");
		plan->told_s = number_take(item, "told");
	}
}

static void refusal_take(const json_t *item, struct told_refusal *refusal)
{
	word_take(item, "run", refusal->run, sizeof refusal->run);
	word_take(item, "file", refusal->file, sizeof refusal->file);
	word_take(item, "code", refusal->code, sizeof refusal->code);
	word_take(item, "member", refusal->member, sizeof refusal->member);
	refusal->line = (uint64_t)number_take(item, "line");
	refusal->since_s = number_take(item, "since");
	refusal->told_s = number_take(item, "told");
}

static void words_take(const json_t *list, char *words, size_t size, size_t max)
{
	for (size_t i = 0; i < json_array_size(list) && i < max; i++) {
		const char *word = json_string_value(json_array_get(list, i));
		snprintf(words + i * size, size, "%s", word ? word : "");
	}
}

static void told_take(const json_t *object, struct told *told)
{
	const json_t *late = json_object_get(object, "late"),
	             *seen = json_object_get(object, "seen");
	word_take(object, "answer", told->answer, sizeof told->answer);
	problems_take(json_object_get(object, "problems"), told);
	plans_take(json_object_get(object, "plans"), told);
	refusal_take(json_object_get(object, "refusal"), &told->refusal);
	told->late = (struct told_late){.is_late = json_is_true(json_object_get(late, "is")),
	    .is_stale = json_is_true(json_object_get(late, "stale")),
	    .since_s = number_take(late, "since"),
	    .told_s = number_take(late, "told")};
	words_take(json_object_get(object, "threads"), told->threads[0], sizeof told->threads[0],
	    TROUBLES);
	words_take(seen, told->seen[0], sizeof told->seen[0], TOLD_SEEN_MAX);
	size_t count = json_array_size(seen);
	told->seen_count = count < TOLD_SEEN_MAX ? count : TOLD_SEEN_MAX;
}

struct error told_parse(struct slice text, struct told *told)
{
	*told = (struct told){0};
	json_t *object = text.size > 0 ? json_loadb(text.bytes, text.size, 0, NULL) : NULL;
	bool is_known = json_integer_value(json_object_get(object, "v")) == 1;
	if (is_known)
		told_take(object, told);
	json_decref(object);
	return is_known ? OK : error_reject("", 0, "it does not say what a feed was told");
}
