/*
 * taken: who has which value of the profile fields that have to be unique. Moodle's table of values
 * has no index for that: all of it is read once in a transaction, and what the transaction writes
 * is added. When it has more than HOLDERS_MAX values only those asked for are kept, and it is read
 * again each time. One thread at a time.
 */
#ifndef ENROLD_LMS_TAKEN_H
#define ENROLD_LMS_TAKEN_H

#include "enrold/db.h"
#include "enrold/facts.h"

struct taken;

struct taken *taken_create(void); /* NULL: no memory */
void taken_free(struct taken *taken);
/* Nothing is known any more. */
void taken_forget(struct taken *taken);

/* Answers the keys that are about profile fields: those who got the value last come first. */
void taken_find(struct taken *taken, struct db *db, const struct site_facts *site,
    struct user_key *keys, size_t count);
/* From now on the person has the value; field: its id. */
void taken_note(struct taken *taken, int64_t field, int64_t user, struct slice value);

#endif
