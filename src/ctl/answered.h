/*
 * answered: the answer of ask.h on its way out: the objects themselves, one a line, or told.
 */
#ifndef CTL_ANSWERED_H
#define CTL_ANSWERED_H

#include "ctl.h"

#include <jansson.h>

/* False: it could not be written, or there was no memory. */
typedef bool answered_tell(const json_t *answer);

/* The objects, one a line. */
bool answered_objects(const json_t *answer);
/* Takes the answer. */
enum ctl_exit answered(const struct ctl *ctl, json_t *answer, answered_tell *tell);
/* Says where it comes from, if that is not the ledger. */
void answered_note(const json_t *object);

#endif
