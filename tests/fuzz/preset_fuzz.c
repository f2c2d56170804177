/*
 * preset_fuzz: bytes as a preset. What does not load is an error of class CONFIG that begins with
 * file, line and column. What loads has policies that are stored with a run and read as the same.
 */
#include "fuzz.h"

#include "enrold/config.h"
#include "enrold/preset.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct error load(
    const void *bytes, size_t size, struct arena *arena, const struct preset **preset)
{
	char path[64];
	int memory = memfd_create("preset", MFD_CLOEXEC);
	if (memory < 0 || write(memory, bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
	struct error error = preset_load(path, arena, preset);
	close(memory);
	return error;
}

static void error_check(const struct error *error)
{
	int descriptor;
	size_t line, column;
	bool has_place =
	    sscanf(error->text, "/proc/self/fd/%d:%zu:%zu: ", &descriptor, &line, &column) == 3;
	if (error->class == ERROR_CONFIG && has_place && line > 0 && column > 0)
		return;
	fprintf(stderr, "%d %s\n", error->class, error->text);
	abort();
}

static void policy_round_trip(const struct policy *policy, struct arena *arena)
{
	struct buffer first = {0}, second = {0};
	struct policy again;
	policy_format(policy, &first);
	buffer_add_char(&first, '\0');
	struct error error = policy_parse(first.bytes, arena, &again);
	if (is_error(&error)) {
		fprintf(stderr, "%s\n%s\n", error.text, first.bytes);
		abort();
	}
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
	const struct preset *preset = NULL;
	struct error error = load(data, size, arena, &preset);
	if (is_error(&error))
		error_check(&error);
	for (size_t i = 0; !is_error(&error) && i < preset->kinds_count; i++)
		policy_round_trip(&preset->kinds[i].policy, arena);
	if (!is_error(&error))
		policy_round_trip(&preset->composed, arena);
	arena_free(arena);
	return 0;
}
