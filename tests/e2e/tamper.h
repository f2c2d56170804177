/*
 * tamper: a spool with eight runs of several kinds, what somebody does to it who knows how it is
 * made, and whether that is found out.
 *
 *     1 first.csv   applied, with a retry file     5 release-R   of that plan
 *     2 bad.csv     refused                        6 second.csv  applied
 *     3 look.csv    a preview                      7 undo-R      of that
 *     4 staff.csv   held as a whole                8 last.csv    applied
 */
#ifndef E2E_TAMPER_H
#define E2E_TAMPER_H

#include "rig.h"

/* <root>/older, <root>/older.db: as it was after number 5; and a copy of the whole. */
void tamper_make(struct rig *rig);
/* <root>/<name>, <root>/<name>.db: the spool and the database. */
void tamper_save(const struct rig *rig, const char *name);
/* As it was saved as "whole". */
void tamper_restore(struct rig *rig);
void tamper_copy(const char *from, const char *to);

/* Of the newest run of a file whose name starts so, in that place. */
struct path tamper_file(
    const struct rig *rig, const char *name, const char *place, const char *end);
/* The only file there that starts and ends so, whatever the ledger knows. */
struct path tamper_found(
    const struct rig *rig, const char *place, const char *start, const char *end);
void tamper_byte(const char *path, size_t at);

/* From that number on all say something else, and are chained anew; is_all: in the ledger too, and
 * in .head. */
void tamper_rewrite(struct rig *rig, int number, bool is_all);
/* Two neighbours change their places, chained anew; what comes behind stays. */
void tamper_reorder(struct rig *rig, int first, int second);
/* The input of the run is removed as if retention had done it: with a list and a row, which no
 * chain leads to. */
void tamper_prune(struct rig *rig, const char *name);
/* All files of the run are removed by a list of a run that the chain ends with, and that speaks for
 * its summary. */
void tamper_bridge(struct rig *rig, const char *name);
struct path tamper_head(const struct rig *rig); /* the ledger's */

struct tamper_note {
	struct path note, key; /* files */
};
/* Of the chain as it is, by a key of its own. */
void tamper_note_make(const struct rig *rig, struct tamper_note *note);

/* word NULL: exit status 0, and nothing is named. Else 1, and a line says so of such a path. */
void tamper_expect(const struct rig *rig, const char *what, const char *word, const char *path);
void tamper_expect_script(
    const struct rig *rig, const char *what, const char *word, const char *path);
void tamper_expect_noted(const struct rig *rig, const struct tamper_note *note, const char *word);
/* Given to the caller. */
struct finished tamper_script(const struct rig *rig, const struct tamper_note *note);

#endif
