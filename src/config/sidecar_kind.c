#include "enrold/sidecar_kind.h"

#include <string.h>

static const char *const endings[SIDECAR_KINDS] = {
    [SIDECAR_SHA256] = ".sha256", [SIDECAR_ROWS] = ".rows"};

const char *sidecar_ending(enum sidecar_kind kind)
{
	return endings[kind];
}

enum sidecar_kind sidecar_find(const char *word)
{
	int kind = 0;
	while (kind < SIDECAR_KINDS && strcmp(endings[kind] + 1, word) != 0)
		kind++;
	return (enum sidecar_kind)kind;
}
