/*
 * reader: the bytes of an input, as they come, to its header and rows (records.h). The same code
 * checks the structure while a file is copied and reads the copy when it is applied.
 *
 * What compose.h makes of a file, or of several, is read like one, but for its first column: the
 * lines of what it was made of.
 *
 * RETRY: a composed text whose lines are no numbers. REJECT: what records and header_parse refuse;
 * wrong_field_count with on_bad_row: reject_file. Memory is bounded by the limits given, not by the
 * file.
 */
#ifndef ENROLD_READER_H
#define ENROLD_READER_H

#include "enrold/columns.h"
#include "enrold/facts.h"
#include "enrold/records.h"

/* Each may be NULL. An error returned ends the reading. */
struct reader_visitor {
	struct error (*on_header)(void *context, const struct header *header);
	struct error (*on_record)(void *context, const struct csvin_record *record);
	void *context;
};

/* What a file is read by; all borrowed. */
struct reader_terms {
	const struct policy *policy;
	const struct site_facts *site;
	uint64_t field_max;
	bool is_composed;
};

/* Plain data; reader_open makes it. */
struct reader {
	struct reader_terms terms;
	struct arena *arena; /* of the header */
	struct reader_visitor visitor;
	struct records *source;
	struct policy composed; /* the policy, but for what it says of how files are written */
	struct header *header;  /* NULL until it was read */
	uint64_t records;       /* after the header, bad ones included */
	uint64_t line;          /* where the last of all records starts; 0: it is the positions */
};

struct error reader_open(struct reader *reader, const struct reader_terms *terms,
    struct reader_visitor visitor) MUST_CHECK;
void reader_close(struct reader *reader);

struct error reader_feed(struct reader *reader, const char *bytes, size_t size) MUST_CHECK;
struct error reader_finish(struct reader *reader) MUST_CHECK;
/* The last line has a newline, or there is none. */
bool reader_is_ended(const struct reader *reader);

#endif
