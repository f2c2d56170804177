/*
 * plan_fuzz: a file against the little world of the unit tests, under one of many policies. It must
 * come to an end, answer every record, and never plan for people who are not to be touched. The
 * first byte chooses the policy.
 */
#include "fuzz.h"

#include "world.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const policies[] = {
    "",
    "compat=moodle",
    "update_details=file",
    "compat=moodle update_details=file_and_defaults defaults=city,%25f",
    "upload_type=add_or_update update_details=file allow_delete=true allow_rename=true",
    "upload_type=add username_template=%25-1f%25-l new_password=required",
    "upload_type=add_increment",
    "match_by=email allow_rename=true upload_type=add_or_update update_details=fill_missing",
    "match_by=idnumber allow_delete=true update_password=true update_details=file",
    ("compat=moodle upload_type=add_or_update update_details=file allow_delete=true "
     "allow_rename=true unknown_columns=ignore"),
};

enum { POLICIES = sizeof policies / sizeof *policies };

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

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct world world;
	if (size < 1)
		return 0;
	world_init(&world, policies[data[0] % POLICIES]);
	struct error error = world_read(&world, (const char *)data + 1, size - 1);
	if (!is_error(&error) && world.header)
		answers_check(&world);
	world_done(&world);
	return 0;
}
