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
 * "night.zip", run, ".result.csv" -> "night.<run>.result.csv". The input's ending (ending.h) is
 * taken off; a stem too long is cut between two characters; what nobody would see in it
 * (value_cover), such as a change of direction, is a _.
 */
void name_make(char out[FILE_NAME_SIZE], const char *input, const char *run, const char *suffix);
/* The input itself keeps its ending, "night.<run>.zip", and has .csv where none is known of it,
 * "staff.<run>.csv"; behind that the suffix, of what lies beside it: "night.<run>.zip.done". */
void name_make_input(
    char out[FILE_NAME_SIZE], const char *input, const char *run, const char *suffix);
/* Beside an input that was refused: why. */
#define NAME_REASON ".reason.txt"
/* Both as enrold called them while ".csv" was the one ending that it knew: "night.zip.<run>.csv",
 * suffix ".csv". False: just as today. Such files still lie in spools; naming.h finds them. */
bool name_make_earlier(
    char out[FILE_NAME_SIZE], const char *input, const char *run, const char *suffix);

/* "night.<run>.zip" -> run; also as earlier versions called it. False: no input is called so. */
bool name_find_input(const char *name, char run[RUN_ID_SIZE + 1]);
/* "night.<run>.zip.done" -> run: what lies beside an input, or tells why it was refused. */
bool name_find_beside(const char *name, char run[RUN_ID_SIZE + 1]);
/* "staff.<run>.result.csv", ".result.csv" -> run; false: it is no such name. */
bool name_find_run(const char *name, const char *ending, char run[RUN_ID_SIZE + 1]);
/* The same of a file of an answer, which may be a preview's: "staff.<run>.preview.result.csv",
 * ".result.csv" -> run. */
bool name_find_answer(const char *name, const char *ending, char run[RUN_ID_SIZE + 1]);
/* "staff.<run>.retry.csv" -> "staff.csv", run; a preview's too, and one that somebody has packed or
 * encrypted. Whether the file was called so, or "staff.zip", knows the ledger. False: it is no such
 * name. */
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

/* "night.zip", "2" -> "night.2.zip": the same, where a name is taken; "night.zip.done" ->
 * "night.2.zip.done". */
void name_evade(char out[FILE_NAME_SIZE], const char *name, const char *mark);

#endif
