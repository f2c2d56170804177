/*
 * making: the content of a run in the making. Nobody but content*.c includes it.
 *
 *     content_beginning.c  how a file begins, and when to stop
 *     content_steps.c      decrypt, unpack, and what comes of one file or of several
 *     content_members.c    of which kind each file of an archive is, and in what order
 *     content_manifest.c   what the files say about those who are not in them
 *     content_compose.c    one text of them
 */
#ifndef RUN_MAKING_H
#define RUN_MAKING_H

#include "content.h"
#include "run_state.h"

#include "enrold/compose.h"
#include "enrold/preset.h"
#include "enrold/unpack.h"

struct making {
	struct run *run;
	const struct preset *preset; /* NULL: the feed has none */
	const struct policy_pgp *pgp;
	/* By which it is read. Given, and replaced by that of its kind: unless it is_settled, of a
	 * run that was begun before, under which it stays. */
	struct policy *policy;
	bool is_settled;
	bool is_again; /* it has been taken before: the age of a signature is not judged again */
	int64_t now;   /* epoch seconds; always the same for one run */
	struct arena *arena;
	struct content *content;
	/* As far as it is: */
	int file;                       /* at first the input */
	bool is_ours;                   /* it is not the input any more */
	bool is_encrypted, is_unpacked; /* it was */
	char name[FILE_NAME_SIZE];
};

/* A file of an archive. */
struct member {
	struct unpacked *unpacked;
	const struct preset_kind *kind;
	struct slice beginning;
	bool is_whole; /* the beginning is all of it */
};

/* Gives the content, or stops the run. file: the input, at any place; it stays the caller's. */
struct error making_run(struct making *making, int file) MUST_CHECK;

/* ---- content_beginning.c ---- */

/* As limits ask it: the daemon stops, or it has had its turn. */
bool making_has_to_stop(void *context);
/* All of a file, piece by piece, to whoever takes it; ends early where it has to stop. */
struct error making_read(struct making *making, int file,
    struct error (*take)(void *context, const char *bytes, size_t size), void *context) MUST_CHECK;
/* How a file begins, up to PRESET_BEGINNING_MAX. */
struct error making_beginning(
    struct making *making, int file, struct slice *beginning, bool *is_whole) MUST_CHECK;

/* ---- content_members.c ---- */

/* The kind of a file that is alone: its policy becomes the making's. REJECT: preset_no_kind,
 * preset_unused. */
struct error kind_take(
    struct making *making, const char *name, struct slice beginning, bool is_whole) MUST_CHECK;
/* An archive's files, in the order in which they are needed; what is not used is remarked. */
struct members {
	struct member items[UNPACK_ENTRIES_MAX];
	size_t count;
	struct slice manifest; /* bytes NULL: there is none */
};
struct error members_sort(
    struct making *making, struct unpacked_list *list, struct members *members) MUST_CHECK;
/* Into the content, for the summary. */
struct summary_member *member_tell(
    struct making *making, const struct unpacked *unpacked, const struct preset_kind *kind);

/* ---- content_manifest.c ---- */

/* Who is not in the file has not left, where it does not tell all. */
void meaning_temper(struct making *making);
struct error meaning_temper_archive(
    struct making *making, const struct members *members) MUST_CHECK;

/* ---- content_compose.c ---- */

struct error compose_one(struct making *making) MUST_CHECK;
struct error compose_members(struct making *making, const struct members *members) MUST_CHECK;

#endif
