/*
 * spelt: what no user name and no address of the site looks like. Most people of a file of new
 * accounts are strangers, and to find that out name by name an index is searched in several ways;
 * so a large file reads all names and addresses once in a transaction, and keeps a hash of each.
 * What the transaction writes is added. It only ever says no: everything else is asked for.
 *
 * Not taken where that does not pay, or where there are more than SPELT_MAX. One thread at a time.
 */
#ifndef ENROLD_LMS_SPELT_H
#define ENROLD_LMS_SPELT_H

#include "enrold/db.h"

enum { SPELT_MAX = 2500000 }; /* times 8 bytes, and as much again to find them */

enum spelt_kind { SPELT_USERNAME, SPELT_EMAIL };

struct spelt;

/* For a transaction that will ask for about so many people. NULL: it does not pay, there was no
 * memory, or the database keeps an error. */
struct spelt *spelt_take(struct db *db, uint64_t people);
void spelt_free(struct spelt *spelt); /* NULL: nothing */

/* Nobody has such a text, in whatever letter case. NULL, and of texts beyond ASCII any, do not
 * know.
 */
bool spelt_lacks(const struct spelt *spelt, enum spelt_kind kind, struct slice text);
/* From now on somebody has it. */
void spelt_note(struct spelt *spelt, enum spelt_kind kind, struct slice text);

#endif
