#include "enrold/tally.h"

#include <assert.h>

static void word_add(struct buffer *out, const char *name, uint64_t count)
{
	if (count > 0)
		buffer_print(
		    out, "%s%s=%llu", out->size > 0 ? " " : "", name, (unsigned long long)count);
}

void tally_format(const struct tally *tally, struct buffer *out)
{
	word_add(out, "rows", tally->rows);
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		word_add(out, outcome_kind_name(kind), tally->outcomes[kind]);
	for (enum code code = 0; code < CODES; code++)
		word_add(out, outcome_code_name(code), tally->codes[code]);
}

static uint64_t *counter_find(struct tally *tally, struct slice name)
{
	if (slice_is(name, SLICE("rows")))
		return &tally->rows;
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		if (slice_is(name, slice_of(outcome_kind_name(kind))))
			return &tally->outcomes[kind];
	for (enum code code = 0; code < CODES; code++)
		if (slice_is(name, slice_of(outcome_code_name(code))))
			return &tally->codes[code];
	return NULL;
}

void tally_parse(struct slice text, struct tally *tally)
{
	*tally = (struct tally){0};
	size_t i = 0;
	while (i < text.size) {
		size_t start = i;
		while (i < text.size && text.bytes[i] != '=')
			i++;
		uint64_t *counter =
		    counter_find(tally, (struct slice){text.bytes + start, i - start});
		assert(counter);
		for (i++; i < text.size && text.bytes[i] != ' '; i++)
			*counter = *counter * 10 + (uint64_t)(text.bytes[i] - '0');
		i++;
	}
}
