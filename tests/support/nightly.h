/*
 * nightly: a feed that sends everybody each time, and what becomes of those it sends no more. Each
 * file is dropped, run and answered; the answer and the log of the last one lie here.
 */
#ifndef SUPPORT_NIGHTLY_H
#define SUPPORT_NIGHTLY_H

#include "reply.h"

struct nightly {
	struct rig rig;
	struct reply reply;
	struct finished finished; /* of the last run */
};

/* 60 people, 10 courses, and feeds as in rig_options: absence is theirs to set. */
void nightly_make(struct nightly *nightly, const char *feeds);

/* Rows "pN,CM" of a file, as "1-50:C1 7:C2"; "q" before the people names some whom nobody knows. */
void roster_add(struct buffer *text, const char *spec);
/* A file "username,course1" of such rows. Given to the caller; ends with a NUL. */
struct buffer roster_of(const char *spec);

void nightly_drop(struct nightly *nightly, const char *name, const char *text);
void nightly_drop_bytes(struct nightly *nightly, const char *name, const void *bytes, size_t size);
/* The same of a roster. */
void nightly_send(struct nightly *nightly, const char *name, const char *spec);

/* How many enrolments are suspended, or in a course are not. */
int64_t nightly_suspended(const struct nightly *nightly);
int64_t nightly_active(const struct nightly *nightly, const char *course);

/* The remark of this code in the answer; NULL: there is none. */
const char *nightly_remark(const struct nightly *nightly, const char *code);
/* Rows about the absent that say that; NULL: whatever. */
size_t nightly_rows(const struct nightly *nightly, const char *outcome, const char *code);
/* Fatal unless the file removed nobody, and withheld so many, and says why: in each row, in a
 * remark, and in the log. */
void nightly_withheld(
    const struct nightly *nightly, size_t count, const char *code, const char *words);
/* Fatal unless the file is held as a whole, by that; NULL: unless it is done. */
void nightly_held(const struct nightly *nightly, const char *code);

/* By the law. */
void nightly_close(struct nightly *nightly);
/* The same after a person changed what the law compares. */
void nightly_leave(struct nightly *nightly);

#endif
