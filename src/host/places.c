/* The table of what a spool ought to be. */
#include "enrold/places.h"

#include <grp.h>
#include <stdio.h>

#define DEFAULT_FEED "default"

/* Modes as places.h draws them. */
enum {
	MODE_ROOT = 0750,
	MODE_PASSED = 0001,
	MODE_ROOT_MOST = 0755,
	MODE_DROP = 03770,
	MODE_READ = 02750,
	MODE_FEED = 0750,
	MODE_OURS = 0700,
	MODE_CLOSED = 0750,
	MODE_FILE = 0640,
	MODE_FILE_OURS = 0600,
	MODE_AFTERCARE = 02770,
};

/* Those of every spool that no feed has to itself. */
static const struct place fixed[] = {
    {.path = "work", .mode = MODE_OURS, .need = MODE_OURS, .most = MODE_OURS},
    {.path = "held", .mode = MODE_CLOSED, .need = MODE_OURS, .most = MODE_CLOSED},
    {.path = "archive", .mode = MODE_CLOSED, .need = MODE_OURS, .most = MODE_CLOSED},
    {.path = "quarantine", .mode = MODE_CLOSED, .need = MODE_OURS, .most = MODE_CLOSED},
    {.path = "orders", .mode = MODE_CLOSED, .need = MODE_OURS, .most = MODE_CLOSED},
    {.path = "index",
        .mode = MODE_CLOSED,
        .need = MODE_OURS,
        .most = MODE_CLOSED,
        .is_optional = true},
    {.path = "listed",
        .mode = MODE_CLOSED,
        .need = MODE_OURS,
        .most = MODE_CLOSED,
        .is_optional = true},
    {.path = "notify",
        .mode = MODE_CLOSED,
        .need = MODE_OURS,
        .most = MODE_CLOSED,
        .is_optional = true},
    {.path = "notify/queue",
        .mode = MODE_CLOSED,
        .need = MODE_OURS,
        .most = MODE_CLOSED,
        .is_optional = true},
    {.path = ".lock",
        .need = MODE_FILE_OURS,
        .most = MODE_FILE,
        .is_file = true,
        .is_optional = true},
    {.path = ".head",
        .need = MODE_FILE_OURS,
        .most = MODE_FILE,
        .is_file = true,
        .is_optional = true},
    {.path = ".accepted",
        .need = MODE_FILE_OURS,
        .most = MODE_FILE,
        .is_file = true,
        .is_optional = true},
};

enum { FIXED = sizeof fixed / sizeof *fixed, OF_FEED = 3, OF_ALL = 6 };

static const char *drop_group_of(const struct config *config, const char *feed)
{
	const struct feed *found = config_find_feed(config, feed);
	return found ? found->policy.drop_group : NULL;
}

static struct place *add(struct places *places, struct place place)
{
	places->list[places->count] = place;
	return &places->list[places->count++];
}

/* ---- groups ---- */

static void group_set(struct place *place, const char *name)
{
	const struct group *group = name ? getgrnam(name) : NULL;
	place->group = group ? PLACE_DROP_GROUP : name ? PLACE_UNKNOWN_GROUP : PLACE_ANY_GROUP;
	place->gid = group ? group->gr_gid : 0;
}

static void drop_add(struct places *places, const char *name)
{
	const struct group *group = name ? getgrnam(name) : NULL;
	for (size_t i = 0; group && i < places->drops_count; i++)
		if (places->drops[i] == group->gr_gid)
			return;
	if (group)
		places->drops[places->drops_count++] = group->gr_gid;
}

/* ---- folders of who drops ---- */

static struct place drop_place(const char *feed, const char *group)
{
	struct place place = {.feed = feed,
	    .use = PLACE_TO_DROP,
	    .mode = group ? MODE_DROP : MODE_FEED,
	    .need = group ? MODE_DROP : MODE_OURS,
	    .most = MODE_DROP};
	group_set(&place, group);
	return place;
}

static struct place read_place(const char *feed, const char *group)
{
	struct place place = {.feed = feed,
	    .use = PLACE_TO_READ,
	    .mode = group ? MODE_READ : MODE_FEED,
	    .need = group ? MODE_READ : MODE_OURS,
	    .most = MODE_READ};
	group_set(&place, group);
	return place;
}

static void preview_add(struct places *places, struct place inbox)
{
	struct place *place = add(places, inbox);
	place->is_exposed = true;
	place->is_passed = false;
	snprintf(place->path + strlen(place->path), SPOOL_PATH_SIZE, "/preview");
}

/* The folders of the feed default are those that all others lie in. */
static void shared_add(struct places *places, const char *group)
{
	struct place inbox = drop_place(DEFAULT_FEED, group);
	struct place outbox = read_place(DEFAULT_FEED, group);
	inbox.mode = MODE_DROP;
	inbox.is_passed = outbox.is_passed = true;
	snprintf(inbox.path, sizeof inbox.path, "inbox");
	snprintf(outbox.path, sizeof outbox.path, "outbox");
	add(places, inbox);
	preview_add(places, inbox);
	add(places, outbox);
}

static void feed_add(struct places *places, const struct feed *feed)
{
	struct place inbox = drop_place(feed->name, feed->policy.drop_group);
	struct place outbox = read_place(feed->name, feed->policy.drop_group);
	inbox.is_exposed = true;
	snprintf(inbox.path, sizeof inbox.path, "inbox/%s", feed->name);
	snprintf(outbox.path, sizeof outbox.path, "outbox/%s", feed->name);
	add(places, inbox);
	preview_add(places, inbox);
	add(places, outbox);
}

/* ---- all ---- */

static void fixed_add(struct places *places, const struct config *config)
{
	for (size_t i = 0; i < FIXED; i++) {
		struct place *place = add(places, fixed[i]);
		place->use = PLACE_CLOSED;
		place->group = PLACE_OWN_GROUP;
		if (strcmp(place->path, ".lock") == 0 && config_is_shared(config))
			snprintf(place->path, sizeof place->path, ".lock-%s", config->node);
	}
	if (config->lms.aftercare)
		add(places, (struct place){.path = "aftercare",
		                .use = PLACE_CLOSED,
		                .mode = MODE_CLOSED,
		                .need = MODE_OURS,
		                .most = MODE_AFTERCARE});
}

struct error places_of(const struct config *config, struct arena *arena, struct places *places)
{
	size_t most = FIXED + OF_ALL + OF_FEED * config->feeds_count;
	*places = (struct places){.list = arena_alloc(arena, most * sizeof *places->list),
	    .drops = arena_alloc(arena, (config->feeds_count + 1) * sizeof *places->drops)};
	if (!places->list || !places->drops)
		return error_memory("listing the folders");
	for (size_t i = 0; i < config->feeds_count; i++)
		drop_add(places, config->feeds[i].policy.drop_group);
	mode_t passed = places->drops_count > 0 ? MODE_PASSED : 0;
	add(places, (struct place){.use = PLACE_TO_PASS,
	                .mode = MODE_ROOT | passed,
	                .need = MODE_OURS | passed,
	                .most = MODE_ROOT_MOST});
	shared_add(places, drop_group_of(config, DEFAULT_FEED));
	for (size_t i = 0; i < config->feeds_count; i++)
		if (strcmp(config->feeds[i].name, DEFAULT_FEED) != 0)
			feed_add(places, &config->feeds[i]);
	fixed_add(places, config);
	return OK;
}
