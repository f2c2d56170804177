/*
 * member_line: where a line of an answer stands in the file of an archive. The lines of an archive
 * are counted through all of its files; whoever has to correct one opens one file.
 */
#ifndef ENROLD_MEMBER_LINE_H
#define ENROLD_MEMBER_LINE_H

#include "enrold/buffer.h"
#include "enrold/summary.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct member_line {
	const char *name; /* of the file in the archive, borrowed; NULL: there is no such file, */
	uint64_t line;    /* and the line is the one that was asked for */
};

struct member_line member_line_of(
    const struct summary_member *members, size_t count, uint64_t line);
/* By a summary that has been read, or NULL. */
struct member_line member_line_read(const json_t *summary, uint64_t line);
/* "line 12", or "users.csv, line 5". The name is as the archive has it. */
void member_line_print(const struct member_line *at, struct buffer *out);

#endif
