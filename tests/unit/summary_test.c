/* The summary that the ledger keeps of a run; also when somebody else wrote it. */
#include "enrold/summary.h"

#include <criterion/criterion.h>
#include <jansson.h>

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static long allocations, failing;

static void *scarce_malloc(size_t size)
{
	return ++allocations == failing ? NULL : malloc(size);
}

/* jansson leaves out the name of a member for which its own text has no room, and goes on. */
Test(summary, is_whole_or_not_made_where_memory_is_short)
{
	const struct tally tally = {0};
	const struct slice columns[] = {SLICE("Training Code")};
	const struct remarks remarks = {
	    .items = {{REMARK_COLUMN_IGNORED, SLICE("x"), columns, 1}}, .count = 1, .left_out = 2};
	const struct summary summary = {.run = "20261124-025744-123456",
	    .feed = "hr",
	    .mode = "apply",
	    .status = "done",
	    .remarks = &remarks,
	    .node = "host-a",
	    .policy_sha256 = HASH,
	    .input_name = "staff.csv",
	    .input_sha256 = HASH,
	    .tally = &tally,
	    .number = 7,
	    .previous = HASH};
	for (failing = 1, allocations = 1; allocations >= failing - 1; failing++) {
		char chain[HASH_TEXT_SIZE + 1];
		struct buffer text = {0};
		allocations = 0;
		json_set_alloc_funcs(scarce_malloc, free);
		struct error error = summary_format(&summary, &text, chain);
		json_set_alloc_funcs(malloc, free);
		json_t *object = json_loadb(text.bytes, text.size, 0, NULL);
		if (!is_error(&error)) {
			cr_expect_eq(json_object_size(object), 20, "%ld: %s", failing, text.bytes);
			cr_expect_eq(json_array_size(json_object_get(object, "remarks")), 2);
		}
		json_decref(object);
		buffer_done(&text);
	}
	cr_expect_gt(failing, 50);
}

static const struct error refusal = {
    .class = ERROR_REJECT, .code = "invalid_value", .line = 7, .text = "say \"mode\":\"preview\","};

static struct buffer summary_of(const char *name, const char *mode, char chain[HASH_TEXT_SIZE + 1])
{
	const struct tally tally = {0};
	const struct summary summary = {.run = "20261124-025744-123456",
	    .feed = "hr",
	    .mode = mode,
	    .status = "refused",
	    .refusal = &refusal,
	    .node = "host-a",
	    .policy_sha256 = HASH,
	    .input_name = name,
	    .input_sha256 = HASH,
	    .tally = &tally,
	    .previous = HASH};
	struct buffer text = {0};
	struct error error = summary_format(&summary, &text, chain);
	cr_assert_not(is_error(&error), "%s", error.text);
	return text;
}

Test(summary, can_be_made_of_any_name)
{
	static const struct {
		const char *name, *written;
	} cases[] = {
	    {"stäff \"1\".csv", "stäff \"1\".csv"}, {"cut\xC3", "cut\xEF\xBF\xBD"},
	    {"\xFF\xFE.csv", "\xEF\xBF\xBD\xEF\xBF\xBD.csv"},
	    {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* half of a pair */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char chain[HASH_TEXT_SIZE + 1], found[HASH_TEXT_SIZE + 1];
		struct buffer text = summary_of(cases[i].name, "apply", chain);
		json_t *json = json_loadb(text.bytes, text.size, 0, NULL);
		const json_t *input = json_object_get(json, "input");
		cr_expect_str_eq(
		    json_string_value(json_object_get(input, "name")), cases[i].written);
		summary_find_chain(buffer_slice(&text), found);
		cr_expect_str_eq(found, chain);
		json_decref(json);
		buffer_done(&text);
	}
}

Test(summary, is_a_preview_by_its_mode_whatever_it_quotes)
{
	char chain[HASH_TEXT_SIZE + 1];
	struct buffer applied = summary_of("a.csv", "apply", chain);
	struct buffer preview = summary_of("a.csv", "preview", chain);
	cr_expect_not(summary_is_preview(buffer_slice(&applied)));
	cr_expect(summary_is_preview(buffer_slice(&preview)));
	buffer_done(&applied);
	buffer_done(&preview);
}

Test(summary, of_somebody_else_has_no_chain_and_says_that_the_reason_is_lost)
{
	static const char not_hex[] = "{,\"chain\":\"zzb0c44298fc1c149afbf4c8996fb92427ae41e4649b93"
	                              "4ca495991b7852b855\"}\n";
	static const char *const texts[] = {
	    "", "x", "[1]\n", "null\n", "{\"chain\":\"" HASH "\"}", not_hex};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char chain[HASH_TEXT_SIZE + 1];
		struct buffer reason = {0};
		summary_find_chain(slice_of(texts[i]), chain);
		cr_expect_str_eq(chain, "", "%s", texts[i]);
		summary_explain(slice_of(texts[i]), &reason);
		buffer_add_char(&reason, '\0');
		cr_expect_not(reason.failed);
		cr_expect(strstr(reason.bytes, "refused"), "%s", reason.bytes);
		buffer_done(&reason);
	}
}

Test(summary, quotes_cells_when_it_refuses_or_names_words)
{
	static const struct {
		const char *text;
		bool quotes;
	} cases[] = {
	    {"{\"run\":\"R\",\"refusal\":null,\"exact\":true,\"remarks\":[]}", false},
	    {"{\"run\":\"R\",\"refusal\":{\"code\":\"x\"},\"exact\":true,\"remarks\":[]}", true},
	    {"{\"refusal\":null,\"remarks\":[{\"code\":\"column_ignored\"}]}", false},
	    {"{\"refusal\":null,\"remarks\":[{\"code\":\"words_not_mapped\"}]}", true},
	    {"{\"refusal\":{\"message\":\"\\\"refusal\\\":null,\"}}", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(
		    summary_quotes_cells(slice_of(cases[i].text)), cases[i].quotes, "%zu", i);
}
