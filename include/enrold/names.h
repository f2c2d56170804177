/*
 * names: which names in an inbox may be taken, and what the files of a run are called. Pure.
 */
#ifndef ENROLD_NAMES_H
#define ENROLD_NAMES_H

#include "enrold/runid.h"

#include <stdbool.h>

enum { FILE_NAME_SIZE = 256 }; /* with its NUL; Linux allows 255 bytes */

enum name_kind {
	NAME_INPUT,
	NAME_IGNORED, /* not finished, or not for us: ".x", "x~", "x.part", ...; see enrold(8) */
	NAME_REFUSED, /* not UTF-8, or with control characters: never taken */
};

enum name_kind name_classify(const char *name);

/*
 * "staff.csv", run, ".result.csv" -> "staff.<run>.result.csv". Only a final ".csv" is taken off; a
 * stem too long is cut between two characters; what nobody would see in it (value_cover), such as a
 * change of direction, is a _.
 */
void name_make(char out[FILE_NAME_SIZE], const char *input, const char *run, const char *suffix);

/* "staff.<run>.csv", ".csv" -> run; false: it is no such name. */
bool name_find_run(const char *name, const char *ending, char run[RUN_ID_SIZE + 1]);
/* The same of a file of an answer, which may be a preview's: "staff.<run>.preview.result.csv",
 * ".result.csv" -> run. */
bool name_find_answer(const char *name, const char *ending, char run[RUN_ID_SIZE + 1]);
/* "staff.<run>.retry.csv" -> "staff.csv", run; a preview's too. False: it is no such name. */
bool name_find_origin(const char *name, char file[FILE_NAME_SIZE], char run[RUN_ID_SIZE + 1]);

/* "due-20261227.csv": enrold's own list of those whose grace is over. */
bool name_is_due(const char *name);
/* "prune-20261227.csv", "accept-20261227.csv": its list of what it did with what it keeps. */
bool name_is_record(const char *name);
/* "release-R.csv" -> R: what carries out the plan of R. */
bool name_find_released(const char *name, char run[RUN_ID_SIZE + 1]);
/* One of these, or "release-R.csv", "discard-R.csv", "undo-R.csv": no file that a feed has sent,
 * but what enrold has made itself, or carries out of what a person said. */
bool name_is_made(const char *name);

/* "staff.csv", "2" -> "staff.2.csv": the same, where a name is taken; "staff.csv.done" ->
 * "staff.2.csv.done". */
void name_evade(char out[FILE_NAME_SIZE], const char *name, const char *mark);

#endif
