/*
 * columns: the one table of columns that a header may have, and the header of one file read by it.
 *
 * Header cells are trimmed and matched without regard to case. A numbered column is a name and
 * digits; the digits are text, so course01 goes with role01, never with role1 (lms/README 1).
 * Columns of one number form a slot. A profile field is tried as it is written, then in lower case.
 *
 * A detail is a column of the account itself (lms/README 1.1); it is known by its place among the
 * details of the table, which is also how src/lms orders their values.
 */
#ifndef ENROLD_COLUMNS_H
#define ENROLD_COLUMNS_H

#include "enrold/arena.h"
#include "enrold/csvin.h"
#include "enrold/error.h"
#include "enrold/facts.h"
#include "enrold/policy.h"
#include "enrold/remark.h"

enum column_id {
	COLUMN_USERNAME,
	COLUMN_OLDUSERNAME,
	COLUMN_DELETED,
	COLUMN_SUSPENDED,
	COLUMN_AUTH,
	COLUMN_PASSWORD,
	COLUMN_HOST,    /* mnethostid */
	COLUMN_DETAIL,  /* header_column.index: which */
	COLUMN_PROFILE, /* header_column.index: into the site's profile fields */
	COLUMN_COURSE,
	COLUMN_ROLE,
	COLUMN_TYPE,
	COLUMN_ENROLSTATUS,
	COLUMN_ENROLTIMESTART,
	COLUMN_ENROLPERIOD,
	COLUMN_ENROLTIMEEND,
	COLUMN_UNENROL,
	COLUMN_GROUP,
	COLUMN_COHORT,
	COLUMN_SYSROLE,
	COLUMN_CATEGORY,
	COLUMN_CATEGORYROLE,
	/* Of create course groups files, which have columns of their own. */
	COLUMN_GROUPNAME,
	COLUMN_GROUPIDNUMBER,
	COLUMN_GROUPDESCRIPTION,
	COLUMN_ENROLMENTKEY,
	COLUMN_GROUPINGNAME,
	COLUMN_ENABLEMESSAGING,
	COLUMN_COURSENAME,
	COLUMN_COURSE_IDNUMBER,
	COLUMN_INTERESTS,
	COLUMN_VOID,       /* accepted and without effect, in Moodle too */
	COLUMN_WORD,       /* unknown, but the feed's values give its words a meaning */
	COLUMN_ERROR_FILE, /* a retry file's own, up to COLUMN_REMARK: error_file, */
	COLUMN_ERROR_RUN,
	COLUMN_ERROR_LINE,
	COLUMN_ERROR_CODE,
	COLUMN_REMARK, /* error_message */
	COLUMN_IDS,
	COLUMN_UNKNOWN = COLUMN_IDS, /* with unknown_columns: ignore */
};

static inline bool column_is_remark(enum column_id id)
{
	return id >= COLUMN_ERROR_FILE && id <= COLUMN_REMARK;
}

/* A "-" in front of what stands there takes it away. sysrole has room for it. */
static inline bool column_takes_minus(enum column_id id)
{
	return id == COLUMN_ROLE || id == COLUMN_GROUP || id == COLUMN_COHORT ||
	       id == COLUMN_CATEGORYROLE;
}

/* What a detail may hold. */
enum detail_kind {
	DETAIL_RAW,      /* any text */
	DETAIL_TEXT,     /* without HTML tags */
	DETAIL_ADDRESS,  /* of e-mail */
	DETAIL_COUNTRY,  /* ISO 3166, two capital letters */
	DETAIL_LANGUAGE, /* code of a language pack */
	DETAIL_TIMEZONE,
	DETAIL_THEME,
	DETAIL_NUMBER, /* one of some digits */
};

struct detail {
	enum detail_kind kind;
	bool is_required;     /* an account without it is not made */
	bool is_nullable;     /* and NULL where the file says nothing */
	bool is_free;         /* has no default of Moodle's upload form */
	const char *setting;  /* of the site, in config: the default of new accounts */
	const char *fallback; /* where the site has no such setting */
	const char *numbers;  /* DETAIL_NUMBER: "0, 1 or 2", also as people read it */
};

/* Characters of user.username. */
enum { USERNAME_MAX = 100 };

struct column {
	const char *name; /* of a numbered column: without the number */
	enum column_id id;
	bool is_numbered;
	uint16_t characters_max;
	const char *meaning;
	struct detail detail;
};

/* The first details of the table. */
enum { DETAIL_FIRSTNAME, DETAIL_LASTNAME, DETAIL_EMAIL, DETAIL_IDNUMBER, DETAILS_MAX = 48 };

const struct column *columns_all(size_t *count);
/* The columns of create course groups files. */
const struct column *columns_of_groups(size_t *count);
/* The rows of details, in order. */
const struct column *columns_detail(uint32_t detail);
uint32_t columns_details_count(void);
/* A heading that the feed's columns name is found in this form: lower case, any blanks between
 * words as one. A spreadsheet breaks lines in a cell, and nobody sees how many blanks there are. */
struct slice columns_fold(struct slice heading, struct arena *arena);
/* A name that a header may have, that the feed maps to one, or to whose words it gives a meaning.
 */
bool columns_is_known(const struct policy *policy, struct slice name);
/* A detail, auth, or a profile field: what a feed's `defaults` may name. */
bool columns_has_default(struct slice name);
/* "dept" of profile_field_dept; empty: it is none. */
struct slice columns_profile_name(struct slice name);

/* Why nothing of a column is used, whatever its cells say. */
enum idle {
	IDLE_NOT,
	IDLE_UNKNOWN,
	IDLE_NAMELESS,
	IDLE_VOID,      /* taken and without effect, in Moodle too */
	IDLE_ALONE,     /* the column of its number that asks is not there */
	IDLE_UNWRITTEN, /* the feed's settings do not write it */
};

struct header_column {
	enum column_id id;
	uint32_t index;          /* of the detail or profile field */
	uint32_t characters_max; /* 0: no limit of its own */
	struct slice name;       /* canonical: lower case, as in the result's `column` */
	struct slice cell;       /* as written */
	uint32_t slot;           /* numbered columns */
	enum idle idle;
	bool is_of_new;         /* used for accounts that are made, and not for those that exist */
	bool is_made;           /* by the feed's values, whose words give it cells, or: */
	bool is_set;            /* by the feed's set, which gives it */
	struct slice set_cell;  /* in every row; borrowed of the policy */
	const char *because;    /* IDLE_UNWRITTEN: the setting, "update_details is none" */
	uint64_t values, unfit; /* of an idle one: cells with a value, and those that are bad */
};

/* Which columns of the file have this number. A file may have a hundred thousand of them. */
enum { COLUMN_NUMBERED_FIRST = COLUMN_COURSE, COLUMN_NUMBERED_LAST = COLUMN_CATEGORYROLE };

struct header_slot {
	struct slice number;
	uint32_t columns[COLUMN_NUMBERED_LAST - COLUMN_NUMBERED_FIRST + 1];
};

/* Of a numbered one, as COLUMN_ROLE; COLUMN_NONE: there is none. */
static inline uint32_t header_slot_column(const struct header_slot *slot, enum column_id id)
{
	return slot->columns[id - COLUMN_NUMBERED_FIRST];
}

struct words;

struct header {
	size_t columns_count;
	size_t written_count; /* of these are in the file; behind them are those that are made */
	struct header_column *columns;
	size_t slots_count;
	struct header_slot *slots;
	uint32_t single[COLUMN_IDS];   /* the columns without a number */
	uint32_t details[DETAILS_MAX]; /* by detail */
	bool is_of_groups;             /* a create course groups file */
	bool has_positions;            /* the feed names the columns, and not the file */
	bool has_gaps;    /* a row need not be about all of them: an empty cell says nothing */
	uint32_t *asking; /* the columns that ask, in the order in which it is done */
	size_t asking_count;
	uint32_t *idle; /* the columns that are not used, as they stand */
	size_t idle_count;
	size_t named_count;  /* columns of the file up to the last one with a name */
	uint32_t key;        /* the column that says who is meant */
	char delimiter;      /* of the file */
	struct words *words; /* what words of cells mean, and `set`; NULL: what they say */
};

/* By what a header is read. */
struct header_terms {
	const struct policy *policy;
	const struct site_facts *site; /* its profile fields; NULL: there are none */
	char delimiter;                /* 0: a comma */
	const char *delimiter_by;      /* who says so; NULL: nobody, it was recognised */
};

/*
 * Everything lies in the arena. REJECT at the record's line: header_broken, header_too_few_columns,
 * header_unknown_column, header_duplicate_column, header_without_username, header_without_email,
 * header_without_idnumber. The code is that of the first mistake, the text names all.
 */
struct error header_parse(const struct csvin_record *record, const struct header_terms *terms,
    struct arena *arena, struct header **result) MUST_CHECK;

/* The record without the cells behind the header's that are empty: spreadsheets write such. */
struct csvin_record header_fit(const struct header *header, const struct csvin_record *record);
/* It has not a cell for each column that has a name, or more than there are columns. */
bool header_is_ragged(const struct header *header, size_t cells_count);
/* No cell says anything. */
bool record_is_blank(const struct csvin_record *record);

/* ---- columns that are not used (idle.c) ---- */

/* Counts what a record says there: call it once for each record. REJECT header_unknown_column: a
 * column without a name has a value, and unknown columns are refused. */
struct error header_count(struct header *header, const struct policy *policy,
    const struct csvin_record *record) MUST_CHECK;
/* Remarks on the file as a whole, once all records were counted; counts: rows, by what they add up
 * to (plan.h). */
void header_remark(const struct header *header, const struct policy *policy,
    const uint64_t counts[REMARK_CODES], struct remarks *remarks);
/* Why the column's cells have no effect: "'dept' is not written here: update_details is none". */
struct slice idle_reason(
    const struct header *header, const struct header_column *column, struct arena *arena);

/* ---- all of them ---- */

/* Letter case aside, of ASCII. */
bool is_same_letters(struct slice a, struct slice b);

#endif
