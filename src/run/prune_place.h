/*
 * prune_place: the folders where enrold keeps a feed's files, for prune_find.
 */
#ifndef RUN_PRUNE_PLACE_H
#define RUN_PRUNE_PLACE_H

#include "enrold/arena.h"
#include "enrold/names.h"
#include "enrold/packed.h"
#include "enrold/prune.h"
#include "enrold/spool.h"

/* What lies beside a file. */
struct beside {
	char run[RUN_ID_SIZE + 1];
	const char *name;
};

struct place {
	enum spool_folder kind;
	int root;
	const char *feed;
	char path[SPOOL_PATH_SIZE]; /* below the spool; of the archive that of a day */
	int directory;              /* -1: it is not there, or not opened yet */
	bool is_open;
	struct arena *arena; /* NULL: what lies beside the files is not listed yet */
	struct beside *beside;
	size_t count;
};

void prune_places_init(struct place places[SPOOL_FOLDERS], int root, const char *feed);
void prune_places_done(struct place places[SPOOL_FOLDERS]);

/* Where the run's input would lie. */
struct error prune_place_open(struct place *place, const char *run) MUST_CHECK;
bool prune_place_has(const struct place *place, const char *name);
/* bytes_max: of a packed one. Nothing, where something lies there that is no file. */
struct error prune_place_hash(const struct place *place, const char *name, uint64_t bytes_max,
    struct packed_found *found) MUST_CHECK;
enum { PLACE_SUMMARY_MAX = 16 << 20 };
/* The plain bytes of a summary that is there. */
struct error prune_place_load(const struct place *place, const char *name, struct arena *arena,
    struct slice *text) MUST_CHECK;
/* "archive/2026/11/27/staff.R.csv" */
void prune_place_print(
    const struct place *place, const char *name, bool is_packed, char path[PRUNE_PLACE_SIZE]);

/* What lies beside the run's input: the place is open. */
const struct beside *prune_place_beside(const struct place *place, const char *run, size_t *count);
bool prune_place_is_reason(const char *name);

#endif
