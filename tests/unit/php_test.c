/*
 * php: what is written member by member is what a tree of the same would give, and what PHP writes.
 */
#include "../../src/lms/php.h"

#include <criterion/criterion.h>

static const char *const texts[] = {"", "manual", "a/b", "say \"x\"", "back\\slash", "tab\t",
    "\x7f", "na\xc3\xafve", "\xf0\x9f\x8e\x93", "\xff"};
static const int64_t numbers[] = {0, 7, -12, INT64_MAX, INT64_MIN};

static struct slice by_tree(const char *text, int64_t number, bool as_json, struct arena *arena)
{
	json_t *data = json_pack("{s:{s:o, s:b, s:b}, s:s}", "inner", "number",
	    json_sprintf("%lld", (long long)number), "yes", 1, "no", 0, "text", text);
	return php_encode(data, as_json, arena);
}

static struct slice by_member(const char *text, int64_t number, bool as_json, struct arena *arena)
{
	struct php_writer out = {.as_json = as_json};
	php_open(&out, NULL, 2);
	php_open(&out, "inner", 3);
	php_add_number(&out, "number", number);
	php_add_bool(&out, "yes", true);
	php_add_bool(&out, "no", false);
	php_close(&out);
	php_add_text(&out, "text", slice_of(text));
	php_close(&out);
	return php_take(&out, arena);
}

static void check(const char *text, int64_t number, bool as_json)
{
	struct arena *tree = arena_create(), *members = arena_create();
	struct slice expected = by_tree(text, number, as_json, tree);
	struct slice written = by_member(text, number, as_json, members);
	bool is_text = !arena_has_failed(tree);
	if (is_text)
		cr_expect(slice_is(written, expected), "%.*s, not %.*s", SLICE_ARG(written),
		    SLICE_ARG(expected));
	if (as_json)
		cr_expect_eq(arena_has_failed(members), !is_text, "%s", text);
	arena_free(tree);
	arena_free(members);
}

Test(php, writes_members_as_it_writes_a_tree)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
			check(texts[i], numbers[k], true);
			check(texts[i], numbers[k], false);
		}
}

Test(php, writes_what_php_writes)
{
	struct arena *arena = arena_create();
	struct slice json = by_member("a/b", 5, true, arena);
	struct slice serialized = by_member("a/b", 5, false, arena);
	cr_expect(slice_is(json, SLICE("{\"inner\":{\"number\":\"5\",\"yes\":true,\"no\":false},"
	                               "\"text\":\"a\\/b\"}")),
	    "%.*s", SLICE_ARG(json));
	cr_expect(slice_is(serialized,
	              SLICE("a:2:{s:5:\"inner\";a:3:{s:6:\"number\";s:1:\"5\";s:3:\"yes\";b:1;"
	                    "s:2:\"no\";b:0;}s:4:\"text\";s:3:\"a/b\";}")),
	    "%.*s", SLICE_ARG(serialized));
	arena_free(arena);
}
