/*
 * nightly: the files that a source of people makes each night, as they should be and as they come
 * when something is wrong with it. It knows whom it means; it does not know what enrold makes of
 * that.
 */
#ifndef SIM_NIGHTLY_H
#define SIM_NIGHTLY_H

#include "fake_lms.h"

#include "enrold/buffer.h"

enum { NIGHTLY_ROWS_MAX = 1000 };

/* Whom a source has in which course. */
struct source {
	bool has[FAKE_PEOPLE_MAX + 1][FAKE_COURSES_MAX + 1];
	bool is_teacher[FAKE_PEOPLE_MAX + 1];
};

enum nightly_kind {
	/* Nothing is wrong with these. */
	NIGHT_ORDINARY,
	NIGHT_AGAIN, /* byte for byte the last one */
	/* The source has lost something. */
	NIGHT_HALF,
	NIGHT_ONE_COURSE,
	NIGHT_CUT,             /* its end, in the middle of a row */
	NIGHT_PEOPLE_MISSPELT, /* all of a course */
	NIGHT_SOME_MISSPELT,   /* two or three of a course */
	NIGHT_COURSE_MISSPELT,
	NIGHT_KEY_CHANGED,
	NIGHT_COLUMN_LOST,
	/* It is not what absence goes by, whatever it says. */
	NIGHT_HEADER_ONLY,
	NIGHT_OTHER_NAME,
	NIGHT_OLDER,
	NIGHT_DELTA,
	NIGHT_RETRY,
	NIGHT_PREVIEW,
	NIGHT_KINDS
};

struct nightly_row {
	char user[20], course[8];
	bool is_teacher;
};

struct nightly {
	enum nightly_kind kind;
	char name[40];
	struct nightly_row rows[NIGHTLY_ROWS_MAX];
	size_t count;
	struct buffer text;
};

const char *nightly_word(enum nightly_kind kind);
/* May absence take anybody out because of it? */
bool nightly_counts(enum nightly_kind kind);
/* Is it the source's own word on who is there? */
bool nightly_is_right(enum nightly_kind kind);
/* From the source, by the people's names as they are now; not NIGHT_AGAIN and NIGHT_OLDER, which
 * are others' bytes. */
void nightly_make(
    struct nightly *file, enum nightly_kind kind, const struct source *source, bool has_passwords);

#endif
