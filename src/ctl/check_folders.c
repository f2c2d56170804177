/* The folders of the spool: owner, group, mode, and the way through them. */
#include "check.h"

#include <stdio.h>

#define MEND "`sudo enrolctl check --fix` mends it"

struct error check_spool_look(const struct ctl *ctl, struct arena *arena, struct check_spool *spool)
{
	*spool = (struct check_spool){.config = ctl->config, .config_path = ctl->config_path};
	struct error error = place_owner_find(ctl->config, &spool->owner);
	if (!is_error(&error))
		error = places_of(ctl->config, arena, &spool->places);
	if (is_error(&error))
		return error;
	size_t count = spool->places.count;
	spool->views = arena_alloc(arena, count * sizeof *spool->views);
	spool->seen = arena_alloc(arena, count * sizeof *spool->seen);
	if (!spool->views || !spool->seen)
		return error_memory("looking at the folders");
	places_look(ctl->config, &spool->places, spool->views);
	for (size_t i = 0; i < count; i++)
		if (spool->views[i].sight == PLACE_SEEN)
			spool->seen[i] = spool->views[i].access;
	spool->daemon = check_daemon_find(ctl->config);
	return OK;
}

static const char *about_of(const struct place *place)
{
	return *place->path ? place->path : "spool";
}

/* The daemon makes what is nobody else's when it needs it. */
static bool is_missed(const struct place *place)
{
	return !place->is_file && !place->is_optional;
}

static void missing_tell(
    const struct check_spool *spool, const struct place *place, struct findings *findings)
{
	bool is_bad = !*place->path || place->group == PLACE_DROP_GROUP || spool->daemon > 0;
	findings_add(findings, is_bad ? FINDING_BAD : FINDING_NOTE, about_of(place),
	    is_bad ? "it is missing: `sudo enrolctl check --fix` makes it"
	           : "it is not there yet: the daemon makes it when it starts, or `sudo enrolctl "
	             "check --fix`");
}

static void faults_tell(const struct check_spool *spool, size_t i, struct findings *findings)
{
	const struct place *place = &spool->places.list[i];
	struct access mended;
	char text[PLACE_TEXT_SIZE];
	unsigned faults = place_judge(place, &spool->places, &spool->owner, &spool->seen[i]);
	if (!place_mend(place, &spool->places, &spool->owner, &spool->seen[i], &mended)) {
		findings_add(findings, FINDING_BAD, about_of(place),
		    "its access control list is full: take groups off it that drop no files any "
		    "more (setfacl -x)");
		return;
	}
	place_describe(faults, &spool->seen[i], &mended, text);
	findings_add(findings, FINDING_BAD, about_of(place), "%s: " MEND, text);
}

/* False: nothing is wrong with it. */
static bool place_tell(const struct check_spool *spool, size_t i, struct findings *findings)
{
	const struct place *place = &spool->places.list[i];
	const struct place_view *view = &spool->views[i];
	const char *about = about_of(place);
	switch (view->sight) {
	case PLACE_MISSING:
		if (is_missed(place))
			missing_tell(spool, place, findings);
		return is_missed(place);
	case PLACE_HIDDEN:
		findings_add(findings, FINDING_NOTE, about, "we may not look: %s: ask as root",
		    strerror(view->why));
		return true;
	case PLACE_LINK:
		findings_add(findings, FINDING_BAD, about,
		    "it is a symbolic link, which is never followed: look who put it there, and "
		    "move it away");
		return true;
	case PLACE_OTHER_KIND:
		findings_add(findings, FINDING_BAD, about, "it ought to be %s: move it away",
		    place->is_file ? "a file" : "a folder");
		return true;
	case PLACE_OTHER_DISK:
		findings_add(findings, FINDING_BAD, about,
		    "it lies on another file system than the spool: a file must be moved between "
		    "them in one step");
		return true;
	case PLACE_BEHIND: return true;
	case PLACE_SEEN: break;
	}
	if (place_judge(place, &spool->places, &spool->owner, &view->access) == 0)
		return false;
	faults_tell(spool, i, findings);
	return true;
}

void check_folders(const struct check_spool *spool, struct findings *findings)
{
	size_t good = 0, wrong = 0;
	for (size_t i = 0; i < spool->places.count; i++) {
		bool is_wrong = place_tell(spool, i, findings);
		wrong += is_wrong;
		good += !is_wrong && spool->views[i].sight == PLACE_SEEN;
	}
	if (wrong == 0)
		findings_add(findings, FINDING_GOOD, "spool",
		    "%s: %zu folders and files have the owner, group and mode that they need",
		    spool->config->spool, good);
}
