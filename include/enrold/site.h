/*
 * site: making a Moodle 4.5 schema in SQLite and filling it, for demos, tests and small sites that
 * keep no Moodle of their own; on a server, enrold's own tables only. A real site's tables are
 * never made or altered. And checking a site, whoever made it.
 */
#ifndef ENROLD_SITE_H
#define ENROLD_SITE_H

#include "enrold/config.h"
#include "enrold/db.h"
#include "enrold/deed.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdint.h>

/* As db_open; and texts are compared as the site compares its own, where the engine has to be told.
 */
struct error site_connect(
    const struct lms_options *options, enum db_mode mode, struct db **db) MUST_CHECK;

/*
 * Makes every table and index of Moodle 4.5 that enrold knows, the rows a site needs
 * and the ledger, in one transaction. An existing site is left as it is, except that a ledger of an
 * older enrold is brought up to date: *made says whether anything was done. CONFIG when the
 * database holds something else.
 */
struct error site_init(const struct lms_options *options, bool *made) MUST_CHECK;
/*
 * The tables of an older enrold are brought up to date where they are nobody else's: in SQLite. On
 * a server it takes rights that the daemon has not. Of what is no site nothing is said here:
 * whoever opens it knows better. As db_open fails; RETRY also: somebody else writes.
 */
struct error site_upgrade(const struct lms_options *options, bool *is_upgraded) MUST_CHECK;

/* What there is, what enrold will and will not do with it, and what each feed may reach: one call
 * for each thing. NOTE: it may surprise. BAD: enrold cannot work like this. */
enum finding { FINDING_GOOD, FINDING_NOTE, FINDING_BAD };
typedef void site_on_finding(
    void *context, enum finding finding, const char *about, const char *text);
/* Checks what the configured feeds can ask for; a right that none of them needs is a NOTE. */
struct error site_check(
    const struct config *config, site_on_finding *on_finding, void *context) MUST_CHECK;

/* Whether libc would find a zone of that name here: without, the time is UTC, whatever TZ says. */
bool site_knows_zone(const char *zone);

struct course_row {
	uint64_t line; /* for messages */
	struct slice shortname;
	struct slice fullname;
	struct slice category; /* idnumber; empty: category 1; made when missing */
	struct slice idnumber;
};

struct user_row {
	uint64_t line;
	struct slice username, firstname, lastname, email, idnumber;
};

enum site_outcome { SITE_ADDED, SITE_EXISTS, SITE_REFUSED };

struct site_answer {
	enum site_outcome outcome;
	const char *why; /* static text, REFUSED only */
};

/* All rows in one transaction; answers[i] belongs to rows[i]. A course gets its context and a
 * manual instance, a user a context and no password (auth nologin). */
struct error site_add_courses(const struct lms_options *options, const struct course_row *rows,
    size_t count, struct site_answer *answers) MUST_CHECK;
struct error site_add_users(const struct lms_options *options, const struct user_row *rows,
    size_t count, struct site_answer *answers) MUST_CHECK;

#endif
