/*
 * plan_fuzz: a file against the little world of the unit tests. It must come to an end, answer
 * every record, and never plan for people who are not to be touched. The first line is the feed's
 * policy, as the ledger keeps it: "upload_type=add new_password=required".
 */
#include "fuzz.h"

#include "world.h"

#include "enrold/config.h"

#include <stdio.h>
#include <stdlib.h>

enum { POLICY_MAX = 2000 };

static void answers_check(struct world *world)
{
	const char *outcomes = world_outcomes(world);
	for (size_t i = 0; i < world->batch.records_count; i++) {
		char start[32];
		snprintf(
		    start, sizeof start, "%llu ", (unsigned long long)world->batch.records[i].line);
		const char *line = outcomes;
		while (line && strncmp(line, start, strlen(start)) != 0) {
			line = strchr(line, '\n');
			line = line && line[1] ? line + 1 : NULL;
		}
		if (!line)
			abort();
	}
}

/* Whoever edits the ledger may write anything there: what is no policy is an error, no more. */
static bool policy_is_good(const char *line)
{
	struct policy policy;
	struct arena *arena = arena_create();
	struct error error = policy_parse(line, arena, &policy);
	arena_free(arena);
	return !is_error(&error);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct world world;
	char line[POLICY_MAX];
	const unsigned char *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t length = end ? (size_t)(end - data) : 0;
	if (!end || length >= sizeof line)
		return 0;
	memcpy(line, data, length);
	line[length] = '\0';
	if (!policy_is_good(line))
		return 0;
	world_init(&world, line);
	struct error error = world_read(&world, (const char *)end + 1, size - length - 1);
	if (!is_error(&error) && world.header)
		answers_check(&world);
	world_done(&world);
	return 0;
}
