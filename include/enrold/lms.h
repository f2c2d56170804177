/*
 * lms: the LMS database behind one engine-neutral API that works on arrays, never on one row,
 * because PostgreSQL and MariaDB live behind a round trip.
 *
 * It knows Moodle's tables, never a CSV file. One connection belongs to one thread. Errors: RETRY
 * (locked, disk full, gone: the transaction is rolled back, try the whole batch again), CONFIG (not
 * a Moodle that enrold knows, no such actor). After an error inside a transaction only lms_rollback
 * may follow. The ledger (enrold_* tables) lives in the same database so that a run's effects and
 * its record commit together.
 */
#ifndef ENROLD_LMS_H
#define ENROLD_LMS_H

#include "enrold/arena.h"
#include "enrold/change.h"
#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/facts.h"
#include "enrold/ledger.h"

struct db;
struct lms;

/* Borrows options until close. The site must have been made (site_init, or a real Moodle). */
struct error lms_open(const struct lms_options *options, struct lms **result) MUST_CHECK;
/* The same of a site that this process has opened before: its tables are not looked for again, and
 * what is missing now fails whoever asks it. */
struct error lms_open_known(const struct lms_options *options, struct lms **result) MUST_CHECK;
void lms_close(struct lms *lms);

/* The connection, once nothing is being written on it: enrold's own tables are in the same
 * database, and theirs is the same transaction. */
struct db *lms_db(struct lms *lms);

/* What the database's own clock says, which is another machine's; 0: it has none (SQLite). */
struct error lms_ask_clock(struct lms *lms, int64_t *epoch_us) MUST_CHECK;

/* False: the connection was closed while it rested. Not in a transaction. */
bool lms_is_alive(struct lms *lms);
/* Gives back its cache; NULL is fine. */
void lms_rest(struct lms *lms);

/*
 * Whether the site may be written to now, before it is read: RETRY while it is being upgraded or in
 * maintenance; CONFIG where it is a Moodle that enrold does not know (see lms.unknown_version:
 * previews may be allowed alone), or has not the columns that enrold uses.
 */
struct error lms_check_site(struct lms *lms, bool is_preview) MUST_CHECK;
/* The same in a transaction, by one question. RETRY also when it was upgraded since then, because
 * what is known of it is old. */
struct error lms_recheck_site(struct lms *lms, bool is_preview) MUST_CHECK;

/* The settings a direct writer must read (lms/README 5.8). Lives until the next call or close. */
struct error lms_load_site(struct lms *lms, const struct site_facts **site) MUST_CHECK;

/*
 * Adds the site's languages to its facts. Language packs are files that no table lists: a language
 * counts when it is the site's, in its langlist, English, or that of some account or course. Reads
 * all accounts: only for files that have languages.
 */
struct error lms_load_languages(struct lms *lms) MUST_CHECK;

/* Adds the time zones that this machine knows to the site's facts. */
struct error lms_load_zones(struct lms *lms) MUST_CHECK;

/* Fills in the answers of the keys: local accounts that are not deleted, by exact user name or
 * idnumber, or by e-mail address without regard to case; where there is none, those that look
 * alike. Texts are put into the arena. */
struct error lms_find_users(
    struct lms *lms, struct user_key *keys, size_t count, struct arena *arena) MUST_CHECK;
/* Fills in all there is to know of accounts whose id is known; texts are put into the arena. */
struct error lms_load_accounts(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena) MUST_CHECK;
/* Adds the roles that they have in the whole site, whoever gave them; not of accounts that the
 * batch made, which are the plan's. */
struct error lms_load_site_roles(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena) MUST_CHECK;
/* Adds whether a run of this feed made them, or this run, which began at that second. */
struct error lms_load_makers(struct lms *lms, struct slice feed, int64_t since,
    struct account_facts *people, size_t count) MUST_CHECK;
/* Adds those that they have in categories and courses. */
struct error lms_load_place_roles(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena) MUST_CHECK;
/* Adds their interests. */
struct error lms_load_interests(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena) MUST_CHECK;
/* courses[i] answers keys[i]; texts are put into the arena, or live as long as the transaction. */
struct error lms_find_courses(struct lms *lms, const struct course_key *keys, size_t count,
    struct course_facts *courses, struct arena *arena) MUST_CHECK;
/* Each fills in what the LMS says of places whose names, and courses, are set. */
struct error lms_find_categories(
    struct lms *lms, struct category_facts *categories, size_t count) MUST_CHECK;
struct error lms_find_cohorts(
    struct lms *lms, struct cohort_facts *cohorts, size_t count, struct arena *arena) MUST_CHECK;
struct error lms_find_groups(struct lms *lms, struct group_facts *groups, size_t count) MUST_CHECK;
struct error lms_find_groupings(
    struct lms *lms, struct grouping_facts *groupings, size_t count) MUST_CHECK;
/* Fill in what stands around those that were found. */
struct error lms_load_course_surroundings(
    struct lms *lms, struct course_facts *courses, size_t count, struct arena *arena) MUST_CHECK;
struct error lms_load_category_surroundings(struct lms *lms, struct category_facts *categories,
    size_t count, struct arena *arena) MUST_CHECK;
/* Set `nearest` of some that were not found, for when none are going to be made. */
struct error lms_suggest_cohorts(
    struct lms *lms, struct cohort_facts *cohorts, size_t count, struct arena *arena) MUST_CHECK;
struct error lms_suggest_groups(
    struct lms *lms, struct group_facts *groups, size_t count, struct arena *arena) MUST_CHECK;
/* Sets is_member, and the rest for those that ask. */
struct error lms_load_memberships(
    struct lms *lms, struct membership_facts *memberships, size_t count) MUST_CHECK;
/* Fills id, status, times and roles of each entry from its user, enrol and context, and `leaving`
 * of those that ask for it. Roles and texts are put into the arena. */
struct error lms_load_enrolments(struct lms *lms, struct enrolment_facts *enrolments, size_t count,
    struct arena *arena) MUST_CHECK;

/* One write transaction; all loads of a batch happen inside it, so that nothing moves meanwhile. */
struct error lms_begin(struct lms *lms) MUST_CHECK;
/*
 * The transaction is going to ask for about so many people by their user names, and to enrol them.
 * When they are a good part of the site all is read at once, and what lms_apply is given is written
 * together with what comes later: an error may show some calls afterwards, at the latest when the
 * transaction ends. Nothing else changes.
 */
struct error lms_prefetch(struct lms *lms, uint64_t people) MUST_CHECK;
/* The transaction is going to look for about so many people by names and addresses, most of which
 * nobody may have. Nothing changes but the time that takes. */
struct error lms_prefetch_spellings(struct lms *lms, uint64_t people) MUST_CHECK;
/* The transaction that was begun will be rolled back: what need not be written is not, or later, so
 * that less has to be undone. */
void lms_rehearse(struct lms *lms);
/* Everything that lms_apply was given is written when this returns. */
struct error lms_flush(struct lms *lms) MUST_CHECK;
struct error lms_commit(struct lms *lms) MUST_CHECK;
void lms_rollback(struct lms *lms); /* NULL or no transaction: nothing */

/* Whether somebody other than an enrold may be waiting for the transaction's end; asked now and
 * then. */
bool lms_is_awaited(struct lms *lms);
/* Whether others wait for it by trying again and again. Outside a transaction. */
bool lms_is_polled(const struct lms *lms);

/* What is to be written, and the batch's people and enrolments that it is about. */
struct effects {
	const struct change *changes;
	size_t count;
	struct account_facts *people;
	struct enrolment_facts *enrolments;
	struct cohort_facts *cohorts;
	struct group_facts *groups;
	struct grouping_facts *groupings;
	const struct membership_facts *memberships;
	int64_t now;
};

/*
 * Inside a transaction: writes the changes in the name of the site's actor at time `now`: accounts,
 * enrolments, roles, dirty flags and audit rows (lms/README 5.1-5.7, 5.10, 6). What is new gets its
 * id into people[].id, enrolments[].id and so on. Accounts change first, in the order given: none
 * that has other changes is deleted in the same call. Changes of one person take effect in the
 * order given; those of others in any order, so that an engine may sort them by its indexes. Audit
 * rows keep the order given; only those of enrolments in a large transaction (lms_prefetch) come by
 * course.
 */
struct error lms_apply(struct lms *lms, const struct effects *effects) MUST_CHECK;

/*
 * What Moodle itself has to do after the last call of lms_apply, until the next one, a JSON object
 * a line; nothing unless the options want it. It counts once the transaction has been committed.
 *
 *     {"job":"course_groups","course":2}     forget what is cached of the course's groups
 *     {"job":"member_groups","user":7}       ... and of the groups that the person is in
 *     {"job":"group_members","group":5}      ... and of those that all its members are in
 *     {"job":"welcome","enrol":3,"user":7,"role":5}     the course's welcome message; role 0: none
 *     {"job":"subscribe","course":2,"user":7,"role":5}  to forums that subscribe whoever comes
 *     {"job":"account_deleted","user":7}     grades, files, competencies, and the request to erase
 *     {"job":"completion","user":7,"course":2}     forget what is cached of their completion
 *     {"job":"grade_deleted","grade":9}      the files of its feedback
 */
struct slice lms_chores(const struct lms *lms);

#endif
