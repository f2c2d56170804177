/*
 * manifest_fuzz: bytes as an archive's manifest. What is wrong with it is said in one line of
 * UTF-8; and what it says of one kind does not depend on which is asked first.
 */
#include "fuzz.h"

#include "enrold/preset.h"
#include "enrold/value.h"

#include <stdlib.h>

static enum manifest_says ask(struct slice text, struct slice kind, struct error *error)
{
	struct arena *arena = arena_create();
	enum manifest_says says;
	*error = manifest_read(text, kind, arena, &says);
	arena_free(arena);
	return says;
}

/* U+FFFD may stand for what was none. */
static bool is_text(struct slice text)
{
	enum value_fault fault = value_check(text);
	return (fault == VALUE_CLEAN || fault == VALUE_LOST) && !slice_has(text, '\n');
}

static void error_check(const struct error *error)
{
	if (error->class != ERROR_REJECT || !is_text(slice_of(error->text)) ||
	    !slice_is(slice_of(error->code), SLICE("manifest_broken")))
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	struct error error, of_other;
	enum manifest_says says = ask(text, SLICE("enrollments"), &error);
	if (is_error(&error))
		error_check(&error);
	if (is_error(&error) && says != MANIFEST_SILENT)
		abort();
	if (ask(text, SLICE("\x01"), &of_other) != MANIFEST_SILENT && !slice_has(text, '\x01'))
		abort();
	/* Only of the kind itself can it say two things. */
	if (is_error(&of_other) && !is_error(&error))
		abort();
	return 0;
}
