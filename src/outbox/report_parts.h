/*
 * report_parts: the sections of a report, and the few words that all of them need. Included by
 * report*.c alone.
 */
#ifndef OUTBOX_REPORT_PARTS_H
#define OUTBOX_REPORT_PARTS_H

#include "enrold/html.h"
#include "enrold/member_line.h"
#include "enrold/report.h"

enum { REPORT_NAME_MAX = 512, REPORT_SENTENCE_MAX = 1000 }; /* bytes of a text, before escapes */

/* What the run came to, decided once. */
enum report_end {
	END_APPLIED,
	END_APPLIED_WITH_ERRORS,
	END_APPLIED_WITHHELD,
	END_PREVIEWED,
	END_HELD,
	END_REFUSED,
	END_DISCARDED,
	END_RECORDED, /* a person's word, which changes nothing by itself */
	REPORT_ENDS
};

enum report_end report_end_of(const struct summary *summary);
uint64_t report_withheld(const struct summary *summary); /* outcomes */

/* ---- words ---- */

static inline const char *by_count(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* "1,000 rows" */
void part_count(struct buffer *out, uint64_t count, const char *one, const char *many);
void part_text(struct buffer *out, const char *text, size_t most);
void part_code(struct buffer *out, const char *text);
/* <code>enrolctl show R</code> */
void part_command(struct buffer *out, const char *verb, const char *run, const char *more);
/* A link to a file beside the page, by its name. */
void part_link(struct buffer *out, const char *name);
/* "line 1,234", or "users.csv, line 5" of an archive's file. */
void part_line(struct buffer *out, const struct member_line *at);
struct member_line report_line(const struct summary *summary, uint64_t line);
/* The file of the answer that ends so; NULL: there is none. */
const struct summary_file *part_file(const struct summary *summary, enum artefact artefact);

/* ---- sections ---- */

void report_steps(const struct report *report, struct buffer *out);
void report_problems(const struct report *report, struct buffer *out);
void report_removals(const struct report *report, struct buffer *out);
void report_remarks(const struct report *report, struct buffer *out);
void report_files(const struct report *report, struct buffer *out);
void report_provenance(const struct report *report, struct buffer *out);

#endif
