/*
 * talk: with one child until its end: what it writes goes into a file or a buffer, up to a limit;
 * what it says of it is collected. A child that does nothing for a while is ended, as is one that
 * is no longer wanted.
 */
#ifndef PGP_TALK_H
#define PGP_TALK_H

#include "child.h"
#include "status.h"

#include "enrold/buffer.h"

enum { TALK_WORDS_SIZE = 200 };

/* Where its output goes: one of the two, or nowhere. */
struct talk_sink {
	int file; /* -1: none */
	struct buffer *buffer;
	uint64_t bytes;
	uint64_t bytes_max;
};

/* Its file has nothing in it, and is written from its beginning. */
struct error talk_sink_empty(struct talk_sink *sink) MUST_CHECK;
/* What was written is all of the file: zeros at its end are a hole until then. */
struct error talk_sink_end(struct talk_sink *sink) MUST_CHECK;

struct talk {
	struct pgp_child child;
	int input; /* what it reads, for whether it gets on; -1: nothing */
	/* Our ends of its pipes; talk_run closes them. */
	int output, errors, says;
	struct talk_sink *sink;
	struct pgp_status *status;
	const struct pgp_limits *limits;
	/* What it has said to people: its last line. */
	char words[TALK_WORDS_SIZE];
	size_t words_size;
	bool is_stopped; /* as the limits' has_to_stop says */
	bool is_large;   /* it wrote more than the sink takes, and was ended */
	bool is_quiet;   /* it did nothing for so long, and was ended */
};

/* Until it has ended; RETRY: what it wrote could not be kept. */
struct error talk_run(struct talk *talk) MUST_CHECK;

#endif
