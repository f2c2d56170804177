/*
 * places: the folders and files of a spool as they ought to be, by the settings: whose, of which
 * group, with which mode, and who has to pass through. And what is wrong with one that was seen.
 * Pure, but for the names of groups, which the machine is asked for.
 *
 *     <spool>                0751   who drops passes through, and lists nothing
 *     inbox/                 3770   of the drop group of the feed default; the others pass through
 *     inbox/F/ and preview/  3770   of F's drop group: may drop, and touch only what is theirs
 *     outbox/                2750   of the drop group of default; the others pass through
 *     outbox/F/              2750   of F's drop group: may read
 *     all else               nobody's but the daemon's, and of no drop group
 *
 * A feed without drop_group has folders as whoever made them has left them, as long as nobody in
 * the world may write there.
 */
#ifndef ENROLD_PLACES_H
#define ENROLD_PLACES_H

#include "enrold/access.h"
#include "enrold/arena.h"
#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/spool.h"

enum { PLACE_PATH_SIZE = 2 * SPOOL_PATH_SIZE, PLACE_TEXT_SIZE = 400 };

enum place_group {
	PLACE_ANY_GROUP,  /* as it is */
	PLACE_OWN_GROUP,  /* anyone's but a drop group's; the daemon's own, when that is mended */
	PLACE_DROP_GROUP, /* that of drop_group */
	PLACE_UNKNOWN_GROUP, /* the same, and there is no such group yet */
};

/* For whom it is there. */
enum place_use { PLACE_TO_PASS, PLACE_TO_DROP, PLACE_TO_READ, PLACE_CLOSED };

struct place {
	char path[PLACE_PATH_SIZE]; /* below the spool; "": itself */
	const char *feed;           /* whose; NULL: no single feed's */
	enum place_use use;
	mode_t mode; /* when it is made */
	mode_t need; /* these bits of a mode must be set */
	mode_t most; /* no others may be */
	enum place_group group;
	gid_t gid;        /* PLACE_DROP_GROUP */
	bool is_file;     /* never made */
	bool is_optional; /* it is made when it is needed */
	bool is_exposed;  /* who drops may write into the folder above it */
	bool is_passed;   /* all drop groups pass through */
};

struct places {
	struct place *list; /* each behind the folder it lies in */
	size_t count;
	gid_t *drops; /* all drop groups that there are, each once */
	size_t drops_count;
};

struct error places_of(
    const struct config *config, struct arena *arena, struct places *places) MUST_CHECK;

/* Who the daemon is. */
struct place_owner {
	uid_t user;
	gid_t group;
};

/* A set of these is wrong with a place. */
enum place_fault {
	PLACE_WRONG_OWNER = 1,
	PLACE_WRONG_GROUP = 2,
	PLACE_WRONG_MODE = 4,
	PLACE_NO_WAY = 8, /* a drop group may not pass */
};

unsigned place_judge(const struct place *place, const struct places *places,
    const struct place_owner *owner, const struct access *seen);
/* As it ought to be, with all that is not wrong left as it is. False: its list is full. */
bool place_mend(const struct place *place, const struct places *places,
    const struct place_owner *owner, const struct access *seen, struct access *mended);
/* "belongs to user root, and ought to belong to enrold; mode 0755, and ought to have 3770". */
void place_describe(unsigned faults, const struct access *seen, const struct access *mended,
    char text[PLACE_TEXT_SIZE]);

/* Whether somebody could do that (access.h) in a place, on the way that the folders above leave.
 * seen: of each place of the list; a mode of 0 where there is none. */
bool places_may(const struct places *places, const struct access *seen, size_t place,
    const struct person *person, unsigned bits);

#endif
