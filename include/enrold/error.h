/*
 * error: one value for everything that can go wrong.
 *
 * The class says what to do about it, the text says what happened in one line. It is filled where
 * the thing happens and wrapped on its way out ("staff.csv: line 7, column role1: ..."), and logged
 * once, where the decision is taken. A bug is not an error: it is an assertion and ends the
 * program.
 */
#ifndef ENROLD_ERROR_H
#define ENROLD_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum error_class {
	ERROR_NONE,   /* all is well */
	ERROR_RETRY,  /* the world is unwell: keep the file, wait, try again */
	ERROR_REJECT, /* the input is bad: refuse the file and say where */
	ERROR_CONFIG, /* the operator must act */
};

/*
 * Whose an error is says whom it may keep waiting.
 *
 *     MACHINE  the database, the disk, memory: everybody waits, since nothing is lost by that
 *     FILE     one file and no other: it is tried a few times, then that file ends with its reason
 *     FOLDER   one feed's folder: that feed is out of service, and named, until somebody mends it
 */
enum error_owner { OWNER_MACHINE, OWNER_FILE, OWNER_FOLDER };

struct error {
	enum error_class class;
	enum error_owner owner;
	const char *code;  /* REJECT: static, stable word for the answer; else "" */
	uint64_t line;     /* REJECT: physical line of the input, 0 when there is none */
	bool is_lasting;   /* by errno: no waiting mends it, such as a missing right */
	bool is_narrow;    /* it can strike a single file and leave the others alone: by errno, or
	                      because the database refuses what that file asks for */
	bool is_collision; /* RETRY: undone because somebody else wrote at the same time, or because
	                    * it was too much at once: try again straight away, with less */
	bool is_full;      /* a disk is, or a quota: whoever tells of it says how full */
	bool is_stale;  /* by errno: what was opened is gone from its file server; only a new start
	                 * opens it anew */
	char text[400]; /* one sentence, no newline */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* In the style of `return OK;`. */
#define OK ((struct error){.class = ERROR_NONE, .code = ""})

static inline bool is_error(const struct error *error)
{
	return error->class != ERROR_NONE;
}

struct error error_retry(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same, is_collision. */
struct error error_collision(const char *format, ...) PRINTF_LIKE(1, 2);
struct error error_config(const char *format, ...) PRINTF_LIKE(1, 2);
struct error error_reject(const char *code, uint64_t line, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* RETRY with errno's own words appended: "cannot open inbox/a.csv: Permission denied". */
struct error error_errno(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same error, met at one file or folder. It stays the machine's when it is not narrow: a full
 * disk is full for all. */
struct error error_own(struct error error, enum error_owner owner);
/* For the beginning of a program: CONFIG when the error is a lasting one. */
struct error error_at_start(struct error error);
/* RETRY: an allocation failed while doing `what`. */
struct error error_memory(const char *what);

/* The same error with "<prefix>: " in front of its text; class, code and line stay. */
struct error error_wrap(struct error inner, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
