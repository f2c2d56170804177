/*
 * places_look: the places of a spool as they are, and making them as they ought to be.
 *
 * Who drops files may write into inbox/ and the folders in it, and would like root to change the
 * owner of something else. So nothing is named twice: each step is opened from the folder above it,
 * never through a link, and what is changed is what was opened and looked at.
 *
 * Only root can mend, and anybody may look, who is told what he may not see.
 */
#ifndef ENROLD_PLACES_LOOK_H
#define ENROLD_PLACES_LOOK_H

#include "enrold/places.h"

enum place_sight {
	PLACE_SEEN,
	PLACE_MISSING,
	PLACE_HIDDEN, /* we may not look: errno says why */
	PLACE_LINK,
	PLACE_OTHER_KIND, /* a file where a folder ought to be, or the other way round */
	PLACE_OTHER_DISK, /* not that of the spool */
	PLACE_BEHIND,     /* one of these is true of the folder that it lies in */
};

struct place_view {
	enum place_sight sight;
	int why;              /* PLACE_HIDDEN */
	struct access access; /* PLACE_SEEN and PLACE_OTHER_DISK */
};

/* Who the daemon is: whoever has locked the spool last, else its owner, else the user enrold; root
 * only when it is none of them. CONFIG: there is nobody. */
struct error place_owner_find(const struct config *config, struct place_owner *owner) MUST_CHECK;

/* views: one for each place. */
void places_look(
    const struct config *config, const struct places *places, struct place_view *views);

/* For the daemon: the first folder of who drops that is not as it ought to be, in words; "": there
 * is none, or no feed has a drop_group. */
enum { PLACE_FAULT_SIZE = PLACE_TEXT_SIZE + PLACE_PATH_SIZE + 4 };
struct error places_find_fault(
    const struct config *config, struct arena *arena, char text[PLACE_FAULT_SIZE]) MUST_CHECK;

/* What was changed, or could not be. */
typedef void place_on_mended(void *context, bool is_mended, const char *path, const char *text);

struct place_mending {
	const struct config *config;
	const struct places *places;
	struct place_owner owner;
	place_on_mended *on_mended;
	void *context;
};
void places_mend(const struct place_mending *mending);

/* How many answers in that outbox its drop group cannot read, because they were made before the
 * folder was that group's. -1: we may not look. */
long place_count_unread(
    const struct config *config, const struct place *place, const struct place_owner *owner);
/* Gives them to the group. Only what has a name of ours, one link, and is the daemon's. */
void place_hand_over(const struct place_mending *mending, const struct place *place);

/* The same for single files that are not the spool's: bits of its mode that nobody ought to have
 * are taken off. False: errno says why. Never through a link, and no file of two names. */
bool place_narrow(const char *path, mode_t most);
/* And what is root's is given to the daemon. */
bool place_give(const char *path, const struct place_owner *owner);

/* For the files of this room: opens what lies there below the spool, for the caller to close.
 * flags: of open, beside those that never follow. -1: errno says why. */
int places_open(int root, const char *path, int flags);
/* Owner, mode and list of what is open, also with O_PATH. */
bool places_stat(int file, struct access *access);

#endif
