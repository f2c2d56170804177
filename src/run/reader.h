/*
 * reader: the bytes of an input, as they come, to its header and records. The same code checks the
 * structure while a file is copied and reads the copy when it is applied.
 *
 * REJECT: what csvin and header_parse refuse; empty_file; wrong_field_count with on_bad_row:
 * reject_file. Memory is bounded by the limits given, not by the file.
 */
#ifndef RUN_READER_H
#define RUN_READER_H

#include "enrold/columns.h"
#include "enrold/decode.h"

/* Each may be NULL. An error returned ends the reading. */
struct reader_visitor {
	struct error (*on_header)(void *context, const struct header *header);
	struct error (*on_record)(void *context, const struct csvin_record *record);
	void *context;
};

/* Plain data; reader_open makes it. */
struct reader {
	const struct policy *policy;
	struct arena *arena; /* of the header, borrowed */
	struct reader_visitor visitor;
	struct decoder decoder;
	struct csvin *csvin;
	struct header *header; /* NULL until it was read */
	uint64_t records;      /* after the header, bad ones included */
};

struct error reader_open(struct reader *reader, const struct policy *policy, uint64_t field_max,
    struct arena *arena, struct reader_visitor visitor) MUST_CHECK;
void reader_close(struct reader *reader);

struct error reader_feed(struct reader *reader, const char *bytes, size_t size) MUST_CHECK;
struct error reader_finish(struct reader *reader) MUST_CHECK;

#endif
