/*
 * policy: what a feed's settings say about rows. Plain const data, handed down to every layer that
 * decides something about a record; the YAML side of it is one table in src/config.
 *
 * The first value of each enumeration is the default and the safe one.
 */
#ifndef ENROLD_POLICY_H
#define ENROLD_POLICY_H

#include "enrold/sidecar_kind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_compat { COMPAT_NONE, COMPAT_MOODLE };
enum policy_upload_type { UPLOAD_UPDATE, UPLOAD_ADD, UPLOAD_ADD_INCREMENT, UPLOAD_ADD_OR_UPDATE };
enum policy_update_details { DETAILS_NONE, DETAILS_FILE, DETAILS_FILE_AND_DEFAULTS, DETAILS_FILL };
enum policy_match_by { MATCH_USERNAME, MATCH_EMAIL, MATCH_IDNUMBER };
enum policy_new_password { PASSWORD_GENERATE, PASSWORD_REQUIRED };
enum policy_force_change { FORCE_WEAK, FORCE_NONE, FORCE_ALL };
enum policy_usernames { USERNAMES_LOWER, USERNAMES_EXACT, USERNAMES_CLEAN };
/* How a file names courses, and patterns do. */
enum course_key_by { COURSE_BY_SHORTNAME, COURSE_BY_IDNUMBER };
enum policy_existing { EXISTING_KEEP, EXISTING_REFRESH };
enum policy_invalid { INVALID_REJECT, INVALID_IGNORE };
/* Whether those of a file are archived with it. */
enum policy_passwords { PASSWORDS_CUT, PASSWORDS_KEEP };
enum policy_bad_row { BAD_ROW_SKIP, BAD_ROW_REJECT_FILE };
enum policy_final_newline { NEWLINE_WARN, NEWLINE_REQUIRE, NEWLINE_IGNORE };
enum policy_unknown_columns { UNKNOWN_REFUSE, UNKNOWN_IGNORE };
/* What taking somebody out of a course does: the first can be undone, and keeps grades, groups and
 * roles; the second takes the manual roles in the course and below it. */
enum policy_removal { REMOVAL_SUSPEND, REMOVAL_SUSPEND_NO_ROLES, REMOVAL_UNENROL };
enum policy_absence_action {
	ABSENCE_IGNORE,
	ABSENCE_SUSPEND,
	ABSENCE_SUSPEND_NO_ROLES,
	ABSENCE_UNENROL,
};
enum policy_absence_scope { SCOPE_COURSES_IN_FILE, SCOPE_FEED };
/* Where a file says what its cells are. */
enum policy_heading { HEADING_FIRST, HEADING_NONE };
/* How a quote stands within a quoted cell. */
enum policy_escape { ESCAPE_DOUBLED, ESCAPE_BACKSLASH };
/* What it means that somebody is not in a file of those that absence.files names: that they have
 * left, nothing, or what the archive's manifest says, and without one nothing. */
enum policy_meaning { MEANING_FULL, MEANING_DELTA, MEANING_MANIFEST };
enum policy_absent_accounts { ABSENT_ACCOUNTS_IGNORE, ABSENT_ACCOUNTS_SUSPEND };

/* A period that never ends, where a key takes a word for it. */
#define PERIOD_ENDLESS UINT64_MAX

/* Zero or more texts; zero-initialised is none, and none was given. */
struct text_list {
	const char *const *items;
	size_t count;
	bool is_given; /* also an empty list: "[]" says "none", a missing key does not */
};

/*
 * What a feed can reach at all (may.h). Patterns as of a shell, on short names and idnumbers. A
 * zeroed policy reaches nothing.
 */
struct policy_may {
	struct text_list courses;      /* short names, or what course_by says */
	struct text_list categories;   /* idnumbers; a course stands in all its parents */
	struct text_list roles;        /* in courses; not given: of the archetypes for it */
	struct text_list system_roles; /* in the site and in categories */
	struct text_list cohorts;      /* idnumbers */
	struct text_list unprotected;  /* roles in the site that do not protect their holders */
	bool create_groups, create_cohorts; /* that a cell names and nobody has */
};

/* Who is not in a full file has left: absence.h. */
struct policy_absence {
	enum policy_absence_action action;
	enum policy_absence_scope scope;
	const char *files; /* pattern of a shell: names of full files; others are deltas */
	uint64_t grace_ms; /* with ABSENCE_UNENROL: suspended so long first; 0: at once */
	struct text_list
	    roles;  /* only who holds nothing but these; not given: of archetype student */
	bool adopt; /* also enrolments that the feed found there and listed */
	uint32_t
	    errors; /* a course with more new rows of unknown people loses nobody in this run */
	struct text_list pause; /* dates and ranges of them, as in policy_expect.except */
	enum policy_absent_accounts accounts;
	uint64_t accounts_grace_ms;
};

/* Hundredths of a percent: 100% is 10000. */
typedef uint32_t share_bp;

/* Trips when more than count and more than share, or more than most; a 0 leaves that number out,
 * all 0: off. */
struct policy_limit {
	uint32_t count;
	share_bp share;
	uint32_t most;
};

struct policy_limits {
	struct policy_limit removals;   /* people who would lose an enrolment by absence */
	struct policy_limit per_course; /* the same in one course; has no most */
	struct policy_limit by_cell;    /* who would lose something by what a cell says */
	struct policy_limit accounts;   /* suspended, deleted, renamed, or given other details */
	struct policy_limit created;    /* new accounts; has no most; holds the file */
	struct policy_limit errors;     /* rows in error; has no most; holds the file; off */
	share_bp rows_of_last; /* a file has to have so many rows of the last one's, or is held */
	bool has_rows_of_last; /* said; else 90% for full files where absence acts, and 0 */
};

/* Which rows the answer lists; all are counted. */
enum policy_result_rows { ROWS_ALL, ROWS_CHANGES };

enum { EXPECT_TIMES_MAX = 24, EXPECT_EXCEPTIONS_MAX = 100 };

/* When files are expected, by the site's time zone, in the words of calendar.h. */
struct policy_expect {
	struct text_list by;     /* times of day; none: no file is ever late */
	struct text_list days;   /* of the week; not given: all */
	struct text_list except; /* dates, and ranges of them, when none is expected */
	uint32_t fresh_ms;       /* so long only the same bytes: stale; 0: never */
};

/* How long enrold keeps what is no longer needed, by prune.h; PERIOD_ENDLESS: for ever. */
struct policy_keep {
	uint64_t archive_ms; /* inputs */
	uint64_t answers_ms;
	uint64_t quarantine_ms;
	uint64_t held_ms;    /* what nobody has decided upon until then is closed */
	uint64_t history_ms; /* texts in the ledger */
};

enum notify_attach { ATTACH_OFF, ATTACH_RETRY };

/* Who is told what of the feed: occasion.h. */
struct policy_notify {
	struct text_list on;   /* words of occasion.h; not given: the usual ones */
	struct text_list mail; /* addresses */
	const char *webhook;   /* "https://..."; may hold a secret; NULL: none */
	enum notify_attach attach;
};

/* Encrypted files of the feed, and answers to their sender: pgp.h. */
struct policy_pgp {
	const char *home; /* of its keys: absolute path, or the name of a credential; NULL:
	                   * such files are refused */
	bool required;    /* a file that is not encrypted is refused */
	struct text_list signed_by; /* fingerprints, in capitals; none: nobody has to sign */
	uint64_t signed_within_ms;  /* no older signature is taken; PERIOD_ENDLESS: any is */
	const char
	    *answer_to; /* fingerprint: result and retry are encrypted for it, too; or NULL */
};

/* Texts belong to the configuration, or to the arena that policy_parse was given. */
struct policy {
	const char *preset; /* by name, or its absolute path; NULL: none */
	enum policy_compat compat;
	enum policy_upload_type upload_type;
	enum policy_update_details update_details;
	enum policy_match_by match_by; /* which column says who is meant */
	enum course_key_by course_by;  /* what course cells, `course` and may.courses hold */
	bool allow_suspend, allow_delete, allow_rename;
	bool allow_unenrol;          /* and to take away roles, groups and cohorts by a minus */
	enum policy_removal removal; /* what unenrolN does */
	bool purge_history;          /* unenrolling may delete grades */
	enum policy_new_password new_password; /* of a new account whose row gives none */
	bool update_password;
	enum policy_force_change force_password_change; /* at the next login, of given passwords */
	enum policy_usernames usernames;                /* how a username cell becomes a key */
	enum policy_existing existing_enrolment; /* do dates change where the file gives none */
	enum policy_invalid invalid_values;      /* drop the request, or only the bad value */
	enum policy_bad_row on_bad_row;          /* wrong number of fields */
	enum policy_unknown_columns unknown_columns;
	enum policy_final_newline final_newline; /* a last line without one may be cut short */
	struct text_list type_roles;             /* roles of type 1, 2, 3; none: by archetype */
	struct text_list dates;                  /* more forms of dates, as for strptime */
	struct text_list columns; /* pairs: what the file calls a column, what it is */
	/* Words of cells and what they mean, four each: column, word, the column that it becomes a
	 * cell of, and that cell. The word "*": all others, whose fourth is "error" or "keep". */
	struct text_list values;
	struct text_list empty;    /* cells that mean an empty one */
	struct text_list defaults; /* pairs: column, its value where the file has no such column */
	const char *username_template; /* of accounts made by files without user names; or NULL */
	const char *course;            /* by course_by: of groups whose rows name none; or NULL */
	/* How a file is written, besides; records.h. */
	uint32_t skip_lines; /* of text in front of the header */
	uint32_t
	    skip_rows; /* records right behind it that are none of the rows: labels, examples */
	enum policy_heading header;
	struct text_list positions; /* HEADING_NONE: what the cells of a record are called */
	const char *record_end; /* what stands behind each record, as "!##!"; NULL: a line ends */
	enum policy_escape escape;
	struct text_list split; /* pairs: a column, what stands between the values in its cells,
	                         * each of which is as a row of its own */
	struct text_list
	    set; /* pairs: column, its cell in every row of a file without the column */
	const char *newest_by; /* a column of dates: of all rows with one key only that with the
	                        * latest counts that is not in the future; NULL: each does */
	enum policy_meaning meaning;
	const char *delimiter;    /* by name or as a character; NULL: recognised */
	const char *encoding;     /* for iconv; NULL: UTF-8 */
	const char *marker;       /* ".done": a file waits for one of that name; NULL: none */
	struct text_list require; /* what else it waits for: words of sidecar_kind */
	struct policy_may may;
	struct policy_absence absence;
	struct policy_limits limits;
	bool review; /* every file waits for a person */
	enum policy_result_rows result_rows;
	enum policy_passwords passwords;
	bool atomic; /* a file is one transaction, without checkpoints */
	/* Not part of what a run is done under, and not stored with it: */
	struct text_list after_run; /* a command: its path and arguments; none: no command */
	uint32_t after_run_timeout_ms;
	struct policy_expect expect;
	struct policy_notify notify;
	struct policy_pgp pgp;
	uint64_t compress_ms; /* answers that old are packed (packed.h); PERIOD_ENDLESS: none */
	struct policy_keep keep;
	const char *approvers;  /* a group of this machine: who may release; NULL: who may steer */
	const char *drop_group; /* who drops files, and reads their answers; NULL: not said */
};

/* It makes accounts, and does nothing to those that exist. */
static inline bool policy_adds_only(const struct policy *policy)
{
	return policy->upload_type == UPLOAD_ADD || policy->upload_type == UPLOAD_ADD_INCREMENT;
}

/* Something of it is not kept for ever. */
static inline bool policy_prunes(const struct policy *policy)
{
	const struct policy_keep *keep = &policy->keep;
	return keep->archive_ms != PERIOD_ENDLESS || keep->answers_ms != PERIOD_ENDLESS ||
	       keep->quarantine_ms != PERIOD_ENDLESS || keep->held_ms != PERIOD_ENDLESS ||
	       keep->history_ms != PERIOD_ENDLESS;
}

/* Whoever is not in its full files has left. */
static inline bool policy_tells_absence(const struct policy *policy)
{
	return policy->absence.action != ABSENCE_IGNORE ||
	       policy->absence.accounts != ABSENT_ACCOUNTS_IGNORE;
}

/* Somebody is told of the feed. */
static inline bool policy_tells(const struct policy *policy)
{
	return policy->notify.mail.count > 0 || policy->notify.webhook;
}

/* No file of the feed is taken without. */
bool policy_requires(const struct policy *policy, enum sidecar_kind kind);

#endif
