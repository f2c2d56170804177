/*
 * version_load: what a site's table config says of its version.
 */
#include "enrold/version.h"

#include "enrold/arena.h"
#include "enrold/db.h"

static const char question[] =
    "SELECT name, value FROM {config} WHERE name IN ('version', 'branch', 'release', "
    "'upgraderunning', 'maintenance_enabled', 'totara_release')";

static void setting_keep(
    struct version_settings *settings, struct slice name, struct slice value, struct arena *arena)
{
	const struct {
		const char *name;
		struct slice *value;
	} kept[] = {{"version", &settings->version}, {"branch", &settings->branch},
	    {"release", &settings->release}, {"upgraderunning", &settings->upgraderunning},
	    {"maintenance_enabled", &settings->maintenance}, {"totara_release", &settings->totara}};
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (slice_is(name, slice_of(kept[i].name)))
			*kept[i].value = arena_copy(arena, value);
}

void version_load(struct db *db, struct version_settings *settings, struct arena *arena)
{
	*settings = (struct version_settings){0};
	struct db_rows rows = db_select(db, question, DB_NONE);
	while (db_next(&rows))
		setting_keep(settings, db_column_text(&rows, 0), db_column_text(&rows, 1), arena);
	if (arena_has_failed(arena))
		db_fail(db, error_memory("looking at the site's version"));
}
