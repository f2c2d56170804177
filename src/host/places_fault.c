/* What the daemon itself can see of the folders of who drops. */
#include "enrold/places_look.h"

#include <stdio.h>
#include <unistd.h>

/*
 * In a user namespace, as systemd's PrivateUsers makes one, all groups but a few look like
 * nobody's: then only owner and mode can be judged.
 */
static bool knows_groups(void)
{
	unsigned long first = 0, outside = 0, count = 0;
	FILE *map = fopen("/proc/self/gid_map", "re");
	bool is_read = map && fscanf(map, "%lu %lu %lu", &first, &outside, &count) == 3;
	if (map)
		fclose(map);
	return is_read && first == 0 && outside == 0 && count >= UINT32_MAX;
}

static bool is_droppers(const struct place *place)
{
	return place->group == PLACE_DROP_GROUP || place->is_passed || place->use == PLACE_TO_PASS;
}

static bool view_is_wrong(const struct places *places, size_t i, const struct place_view *view,
    char text[PLACE_FAULT_SIZE])
{
	const struct place *place = &places->list[i];
	const struct place_owner owner = {geteuid(), getegid()};
	unsigned judged = PLACE_WRONG_OWNER | PLACE_WRONG_MODE;
	struct access mended;
	char what[PLACE_TEXT_SIZE];
	if (view->sight != PLACE_SEEN || !is_droppers(place))
		return false;
	if (knows_groups())
		judged |= PLACE_WRONG_GROUP | PLACE_NO_WAY;
	unsigned faults = judged & place_judge(place, places, &owner, &view->access);
	if (faults == 0 || !place_mend(place, places, &owner, &view->access, &mended))
		return false;
	place_describe(faults, &view->access, &mended, what);
	snprintf(text, PLACE_FAULT_SIZE, "%s: %s", *place->path ? place->path : "spool", what);
	return true;
}

struct error places_find_fault(
    const struct config *config, struct arena *arena, char text[PLACE_FAULT_SIZE])
{
	struct places places;
	struct error error = places_of(config, arena, &places);
	text[0] = '\0';
	if (is_error(&error) || places.drops_count == 0)
		return error;
	struct place_view *views = arena_alloc(arena, places.count * sizeof *views);
	if (!views)
		return error_memory("looking at the folders");
	places_look(config, &places, views);
	for (size_t i = 0; i < places.count; i++)
		if (view_is_wrong(&places, i, &views[i], text))
			break;
	return OK;
}
