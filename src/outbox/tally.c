#include "enrold/tally.h"

static void word_add(struct buffer *out, const char *name, uint64_t count)
{
	if (count > 0)
		buffer_print(
		    out, "%s%s=%llu", out->size > 0 ? " " : "", name, (unsigned long long)count);
}

void tally_format(const struct tally *tally, struct buffer *out)
{
	word_add(out, "rows", tally->rows);
	word_add(out, "rows_in_error", tally->rows_in_error);
	word_add(out, "removals", tally->removals);
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		word_add(out, outcome_kind_name(kind), tally->outcomes[kind]);
	for (enum code code = 0; code < CODES; code++)
		word_add(out, outcome_code_name(code), tally->codes[code]);
	for (enum remark_code code = 0; code < REMARK_CODES; code++)
		word_add(out, remark_code_name(code), tally->remarks[code]);
}

static uint64_t *counter_find(struct tally *tally, struct slice name)
{
	if (slice_is(name, SLICE("rows")))
		return &tally->rows;
	if (slice_is(name, SLICE("rows_in_error")))
		return &tally->rows_in_error;
	if (slice_is(name, SLICE("removals")))
		return &tally->removals;
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		if (slice_is(name, slice_of(outcome_kind_name(kind))))
			return &tally->outcomes[kind];
	for (enum code code = 0; code < CODES; code++)
		if (slice_is(name, slice_of(outcome_code_name(code))))
			return &tally->codes[code];
	for (enum remark_code code = 0; code < REMARK_CODES; code++)
		if (slice_is(name, slice_of(remark_code_name(code))))
			return &tally->remarks[code];
	return NULL;
}

/* Digits and no more, of a number that is one. */
static bool count_parse(struct slice digits, uint64_t *count)
{
	*count = 0;
	for (size_t i = 0; i < digits.size; i++) {
		unsigned char c = (unsigned char)digits.bytes[i];
		if (c < '0' || c > '9' || *count > (UINT64_MAX - (c - '0')) / 10)
			return false;
		*count = *count * 10 + (c - '0');
	}
	return digits.size > 0;
}

/* One "name=count". */
static bool word_parse(struct slice word, struct tally *tally)
{
	const char *equals = word.size > 0 ? memchr(word.bytes, '=', word.size) : NULL;
	if (!equals)
		return false;
	size_t length = (size_t)(equals - word.bytes);
	uint64_t *counter = counter_find(tally, (struct slice){word.bytes, length}), count;
	struct slice digits = {equals + 1, word.size - length - 1};
	if (!counter || *counter > 0 || !count_parse(digits, &count))
		return false;
	*counter = count;
	return true;
}

struct error tally_parse(struct slice text, struct tally *tally)
{
	*tally = (struct tally){0};
	for (size_t i = 0; i < text.size;) {
		const char *blank = memchr(text.bytes + i, ' ', text.size - i);
		size_t end = blank ? (size_t)(blank - text.bytes) : text.size;
		if (!word_parse((struct slice){text.bytes + i, end - i}, tally))
			return error_config(
			    "its counts are not as enrold writes them, from byte %zu on", i + 1);
		i = end + 1;
	}
	return OK;
}
