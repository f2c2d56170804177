/*
 * zones: the time zones that this machine knows, which are those of the site's PHP, or will be
 * after its next update: tzdata's own list, read from its source (tzdata.zi), where a zone is "Z
 * name ..." and another name of one "L zone name".
 */
#include "work.h"

#include "enrold/facts.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 512, WORDS = 3 };

#define ZONES "/usr/share/zoneinfo/tzdata.zi"

/* The name that the line gives; false: it gives none. */
static bool name_find(char *line, struct slice *name)
{
	char *words[WORDS] = {NULL}, *rest = line;
	for (int i = 0; i < WORDS; i++)
		words[i] = strsep(&rest, " \n");
	bool is_zone = strcmp(line, "Z") == 0, is_link = strcmp(line, "L") == 0;
	const char *found = is_zone ? words[1] : is_link ? words[2] : NULL;
	*name = found ? slice_of(found) : SLICE("");
	return name->size > 0;
}

static void names_read(struct lms *lms, FILE *file)
{
	char line[LINE_MAX_BYTES];
	size_t room = 0;
	struct slice name, *zones = NULL;
	while (fgets(line, sizeof line, file) && !arena_has_failed(lms->arena)) {
		if (!name_find(line, &name))
			continue;
		if (lms->site.zones_count == room) {
			zones = arena_grow(lms->arena, zones, room, room * 2 + 64, sizeof *zones);
			room = room * 2 + 64;
		}
		if (zones)
			zones[lms->site.zones_count++] = arena_copy(lms->arena, name);
	}
	if (arena_has_failed(lms->arena))
		lms->site.zones_count = 0;
	if (zones)
		qsort(zones, lms->site.zones_count, sizeof *zones, zone_compare);
	lms->site.zones = zones;
}

struct error lms_load_zones(struct lms *lms)
{
	lms->site.zones = NULL;
	lms->site.zones_count = 0;
	FILE *file = fopen(ZONES, "re");
	if (!file)
		return OK; /* without tzdata nobody can say */
	names_read(lms, file);
	bool has_failed = ferror(file) != 0;
	fclose(file);
	if (has_failed)
		return error_retry("cannot read " ZONES);
	return arena_has_failed(lms->arena) ? error_memory("reading the time zones") : OK;
}
