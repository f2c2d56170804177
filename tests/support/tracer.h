/*
 * tracer: a program of ours, stopped before every system call that changes a file, and before
 * those that read one when asked for. What happens then is the caller's to say: let it happen, kill
 * the program, make the call fail or do only half of it. The calls of one thread come in the same
 * order every time, so that "the N-th" means something.
 *
 * By ptrace and a seccomp filter; x86_64 only. A sanitizer's leak check does not work under ptrace
 * and is switched off.
 */
#ifndef SUPPORT_TRACER_H
#define SUPPORT_TRACER_H

#include "files.h"
#include "program.h"
#include "rig.h"

#include <stdint.h>

enum call_kind {
	CALL_CREATE, /* open with O_CREAT */
	CALL_WRITE,
	CALL_SYNC,
	CALL_TRUNCATE,
	CALL_RENAME,
	CALL_LINK,
	CALL_UNLINK, /* files and directories */
	CALL_MKDIR,
	CALL_ATTRIBUTES, /* mode, owner, times */
	CALL_OPEN,       /* the rest only reads */
	CALL_READ,
	CALL_LIST,
};

struct call {
	enum call_kind kind;
	const char *name;  /* "pwrite64" */
	long number;       /* from 1: of the calls that were told */
	struct path path;  /* absolute; of the descriptor where the call has one */
	struct path to;    /* renames and links */
	size_t size;       /* bytes to be read or written */
	uint64_t offset;   /* pwrite64, ftruncate (the new size) */
	bool has_offset;   /* false: where the descriptor stands */
	bool truncates;    /* CALL_CREATE */
	bool is_nameless;  /* CALL_OPEN: a new file without a name */
	unsigned int mode; /* likewise */
	bool replaces;     /* CALL_RENAME: whatever has the new name */
	pid_t thread;      /* for tracer_read */
	uint64_t bytes_at; /* likewise */
};

enum verdict_kind { VERDICT_GO, VERDICT_KILL, VERDICT_FAIL, VERDICT_SHORT };

struct verdict {
	enum verdict_kind kind;
	int error; /* VERDICT_FAIL: errno */
};

typedef struct verdict tracer_on_call(void *context, const struct call *call);

struct tracer {
	bool reads; /* tell calls that only read, too */
	/* Calls on paths that do not start so are not told: the loader's, /proc, sockets ... */
	const char *below;
	tracer_on_call *on_call;
	void *context;
};

bool tracer_works(void); /* false: this machine does not let us */
/* Runs it to its end; fatal when that does not come. Status -SIGKILL: as a verdict had it. */
struct finished tracer_run(const struct tracer *tracer, const char *const *argv);
/* "enrold --once", by whose calls below the rig's root `on_call` is called. */
struct finished tracer_once(
    const struct rig *rig, tracer_on_call *on_call, void *context, bool reads);

/* A call of this kind, on a path with `within` in it and this end, fails: the context of
 * tracer_fail. */
struct failing {
	enum call_kind kind;
	const char *within, *end;
	int error;
	size_t most;  /* 0: each time */
	size_t times; /* that it has failed */
};

tracer_on_call tracer_fail;

/* What is about to be written. Given to the caller. */
struct buffer tracer_read(const struct call *call);

#endif
