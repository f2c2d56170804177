/*
 * ledger_fuzz: bytes as texts of the ledger, which lies in a database that others can write to: a
 * run's counts and its policy. What is not ours is an error of class CONFIG; what is read comes out
 * again as it went in.
 */
#include "fuzz.h"

#include "enrold/arena.h"
#include "enrold/config.h"
#include "enrold/tally.h"

#include <stdlib.h>

static void must_be_config(const struct error *error)
{
	if (error->class != ERROR_CONFIG)
		abort();
}

static void counts_try(struct slice text)
{
	struct tally tally, again;
	struct buffer written = {0};
	struct error error = tally_parse(text, &tally);
	if (is_error(&error)) {
		must_be_config(&error);
		return;
	}
	tally_format(&tally, &written);
	error = tally_parse(buffer_slice(&written), &again);
	if (is_error(&error) || memcmp(&tally, &again, sizeof tally) != 0)
		abort();
	buffer_done(&written);
}

static void policy_try(const char *text, struct arena *arena)
{
	struct policy policy, again;
	struct buffer first = {0}, second = {0};
	struct error error = policy_parse(text, arena, &policy);
	if (is_error(&error)) {
		must_be_config(&error);
		return;
	}
	policy_format(&policy, &first);
	buffer_add_char(&first, '\0');
	error = policy_parse(first.bytes, arena, &again);
	if (is_error(&error))
		abort();
	policy_format(&again, &second);
	buffer_add_char(&second, '\0');
	if (!slice_is(buffer_slice(&first), buffer_slice(&second)))
		abort();
	buffer_done(&first);
	buffer_done(&second);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *arena = arena_create();
	struct slice text = arena_copy(arena, (struct slice){(const char *)data, size});
	counts_try(text);
	policy_try(text.bytes, arena); /* with a NUL behind it */
	arena_free(arena);
	return 0;
}
