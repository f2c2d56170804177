/*
 * census: who is on the site and who is enrolled where, read at once at the beginning of a large
 * transaction and kept up to date with what the transaction decides. A file that names a good part
 * of the site is then planned without a single question: reading all rows of a table takes a tenth
 * of the time that asking for each by an index does.
 *
 * Where the engine tells that nobody else has committed anything it is kept for the run's next
 * transaction.
 *
 * Taken only where that pays and fits into memory: a site too large for the file, or for
 * CENSUS_BYTES, is asked question by question, as is what the census does not know: e-mail
 * addresses, idnumbers, enrolments by other methods, roles of other components. It holds ids and
 * times of up to 32 bits; a site with others gets none. One thread at a time.
 */
#ifndef ENROLD_LMS_CENSUS_H
#define ENROLD_LMS_CENSUS_H

#include "enrold/arena.h"
#include "enrold/change.h"
#include "enrold/db.h"
#include "enrold/facts.h"

struct census;

/* For a transaction that will ask for about `people` user names and where they are enrolled. NULL:
 * it does not pay, there was no memory, or the database keeps an error. */
struct census *census_take(struct db *db, int64_t local_host, uint64_t people);
/* Not grown beyond what it may have taken at the beginning. */
bool census_is_small(const struct census *census);
void census_free(struct census *census); /* NULL: nothing */

/* Whether it pays to read all rows of a table rather than to ask so many questions about it. */
bool census_is_worth(struct db *db, const char *count_rows, uint64_t questions);
/* What counts the rows of a table, but not more than a number of them. */
#define CENSUS_OF_FLAGS "SELECT count(*) FROM (SELECT 1 FROM {cache_flags} LIMIT ?1) AS t"

/* NULL knows nothing. */
bool census_knows_people(const struct census *census);
bool census_knows_enrolments(const struct census *census);

/* Of those keys that are user names: the account, or those that look alike, unless deleted. */
void census_find_users(
    const struct census *census, struct user_key *keys, size_t count, struct arena *arena);
/* id, status, times and roles of those whose user is not 0; an id is ENROLMENT_PLANNED until
 * census_set_id. */
void census_load_enrolments(
    const struct census *census, struct enrolment_facts *all, size_t count, struct arena *arena);

/* CHANGE_ENROL, CHANGE_ENROLMENT or CHANGE_ASSIGN_ROLE of this enrolment is decided; its id, where
 * it is known, is in is->id. False: the census can no longer be believed. */
bool census_note(
    struct census *census, const struct change *change, const struct enrolment_facts *is);
/* 0: not known. */
int64_t census_find_id(const struct census *census, const struct enrolment_facts *is);
/* Whether anybody was given an enrolment or a role since it was taken. */
bool census_has_noted(const struct census *census);
/* What was noted: whether this very role was assigned, or one of these people (ids, ascending) got
 * into a course or a role. */
bool census_has_assigned(const struct census *census, int64_t user, int64_t context, int64_t role);
bool census_has_entered(const struct census *census, const int64_t *users, size_t count);
/* Ids, int64_t, ascending: for qsort and bsearch. */
int census_compare_ids(const void *a, const void *b);
void census_set_id(struct census *census, int64_t user, int64_t enrol, int64_t id);

/* Courses that were asked for before, in this transaction. False: not yet. */
bool census_find_course(
    const struct census *census, const struct course_key *key, struct course_facts *course);
void census_keep_course(
    struct census *census, const struct course_key *key, const struct course_facts *course);

#endif
