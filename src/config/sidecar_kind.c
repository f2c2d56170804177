#include "enrold/sidecar_kind.h"

#include "enrold/policy.h"

#include <string.h>

static const char *const endings[SIDECAR_KINDS] = {
    [SIDECAR_SHA256] = ".sha256", [SIDECAR_ROWS] = ".rows"};

static const char *const nouns[SIDECAR_KINDS] = {
    [SIDECAR_SHA256] = "checksum", [SIDECAR_ROWS] = "row count"};

const char *sidecar_ending(enum sidecar_kind kind)
{
	return endings[kind];
}

const char *sidecar_noun(enum sidecar_kind kind)
{
	return nouns[kind];
}

enum sidecar_kind sidecar_find(const char *word)
{
	int kind = 0;
	while (kind < SIDECAR_KINDS && strcmp(endings[kind] + 1, word) != 0)
		kind++;
	return (enum sidecar_kind)kind;
}

bool policy_requires(const struct policy *policy, enum sidecar_kind kind)
{
	for (size_t i = 0; i < policy->require.count; i++)
		if (sidecar_find(policy->require.items[i]) == kind)
			return true;
	return false;
}
