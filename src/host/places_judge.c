/* What is wrong with a place as it was seen, what it would be without, and who could do what. */
#include "enrold/places.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

enum { NAME_SIZE = 64, GROUP_BITS = 0070 };

static bool is_drop_group(const struct places *places, gid_t group)
{
	for (size_t i = 0; i < places->drops_count; i++)
		if (places->drops[i] == group)
			return true;
	return false;
}

static bool group_is_wrong(
    const struct place *place, const struct places *places, gid_t own, gid_t seen)
{
	switch (place->group) {
	case PLACE_DROP_GROUP: return seen != place->gid;
	case PLACE_OWN_GROUP: return seen != own && is_drop_group(places, seen);
	case PLACE_ANY_GROUP:
	case PLACE_UNKNOWN_GROUP: return false;
	}
	return false;
}

/* To a member who is nobody else. */
static bool way_is_missing(const struct access *seen, gid_t group)
{
	const struct person member = {(uid_t)-2, &group, 1};
	return !access_may(seen, &member, ACCESS_PASS);
}

static bool is_sticky_enough(const struct place *place, mode_t mode)
{
	bool may_others = (mode & 0020) != 0;
	return place->use != PLACE_TO_DROP || !may_others || (mode & 01000);
}

unsigned place_judge(const struct place *place, const struct places *places,
    const struct place_owner *owner, const struct access *seen)
{
	mode_t mode = access_effective(seen);
	unsigned faults = seen->user != owner->user ? PLACE_WRONG_OWNER : 0;
	if (group_is_wrong(place, places, owner->group, seen->group))
		faults |= PLACE_WRONG_GROUP;
	if ((mode & place->need) != place->need || (mode & ~place->most) ||
	    !is_sticky_enough(place, mode))
		faults |= PLACE_WRONG_MODE;
	for (size_t i = 0; place->is_passed && i < places->drops_count; i++)
		if (way_is_missing(seen, places->drops[i]))
			faults |= PLACE_NO_WAY;
	return faults;
}

bool place_mend(const struct place *place, const struct places *places,
    const struct place_owner *owner, const struct access *seen, struct access *mended)
{
	unsigned faults = place_judge(place, places, owner, seen);
	mode_t mode = access_effective(seen);
	bool fits = true;
	*mended = *seen;
	mended->user = owner->user;
	if (faults & PLACE_WRONG_GROUP)
		mended->group = place->group == PLACE_DROP_GROUP ? place->gid : owner->group;
	if (faults & PLACE_WRONG_MODE) {
		mode = (mode & place->most) | place->need;
		if (!is_sticky_enough(place, mode))
			mode |= 01000;
		access_set_mode(mended, mode);
	}
	for (size_t i = 0; place->is_passed && fits && i < places->drops_count; i++)
		if (way_is_missing(mended, places->drops[i]))
			fits = access_let_group(mended, places->drops[i], ACCESS_PASS);
	return fits;
}

/* ---- in words ---- */

static void user_name(uid_t user, char name[NAME_SIZE])
{
	const struct passwd *found = getpwuid(user);
	if (found)
		snprintf(name, NAME_SIZE, "%.60s", found->pw_name);
	else
		snprintf(name, NAME_SIZE, "uid %u", (unsigned)user);
}

static void group_name(gid_t group, char name[NAME_SIZE])
{
	const struct group *found = getgrgid(group);
	if (found)
		snprintf(name, NAME_SIZE, "%.60s", found->gr_name);
	else
		snprintf(name, NAME_SIZE, "gid %u", (unsigned)group);
}

void place_describe(unsigned faults, const struct access *seen, const struct access *mended,
    char text[PLACE_TEXT_SIZE])
{
	char is[NAME_SIZE], ought[NAME_SIZE];
	size_t used = 0;
	text[0] = '\0';
	if (faults & PLACE_WRONG_OWNER) {
		user_name(seen->user, is);
		user_name(mended->user, ought);
		used += (size_t)snprintf(
		    text + used, PLACE_TEXT_SIZE - used, "owner %s, should be %s", is, ought);
	}
	if (faults & PLACE_WRONG_GROUP) {
		group_name(seen->group, is);
		group_name(mended->group, ought);
		used += (size_t)snprintf(text + used, PLACE_TEXT_SIZE - used,
		    "%sgroup %s, should be %s", used > 0 ? "; " : "", is, ought);
	}
	if (faults & PLACE_WRONG_MODE)
		used += (size_t)snprintf(text + used, PLACE_TEXT_SIZE - used,
		    "%smode %04o, should be %04o", used > 0 ? "; " : "",
		    (unsigned)access_effective(seen), (unsigned)access_effective(mended));
	for (size_t i = 0; faults & PLACE_NO_WAY && i < mended->named_count; i++) {
		const struct access_named *named = &mended->named[i];
		if (!named->is_group || !way_is_missing(seen, named->id) ||
		    used + NAME_SIZE + 40 > PLACE_TEXT_SIZE)
			continue;
		group_name(named->id, ought);
		used += (size_t)snprintf(text + used, PLACE_TEXT_SIZE - used,
		    "%sgroup %s cannot pass (setfacl -m g:%s:--x)", used > 0 ? "; " : "", ought,
		    ought);
	}
}

/* ---- who could do what ---- */

static bool is_above(const struct place *above, const struct place *place)
{
	size_t length = strlen(above->path);
	return length == 0 ||
	       (strncmp(above->path, place->path, length) == 0 && place->path[length] == '/');
}

bool places_may(const struct places *places, const struct access *seen, size_t place,
    const struct person *person, unsigned bits)
{
	const struct place *at = &places->list[place];
	for (size_t i = 0; i < places->count; i++)
		if (i != place && is_above(&places->list[i], at) &&
		    !access_may(&seen[i], person, ACCESS_PASS))
			return false;
	return access_may(&seen[place], person, bits);
}
