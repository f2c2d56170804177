/*
 * report: staff.R.report.html of enrold(8), one run for a person's eyes: what became of the file,
 * what to do first, problems grouped by cause with rows, removals and who approved them, links to
 * its siblings, provenance.
 *
 * It is an artefact like the others (artefact.h): made in the run's last transaction, hashed, and
 * named in the summary, so that `enrolctl verify` knows whether somebody has touched it. It says
 * therefore which link of the chain comes before it, and cannot say its own.
 *
 * report_format is pure. A page is at most REPORT_BYTES_MAX, whatever the run was.
 */
#ifndef ENROLD_REPORT_H
#define ENROLD_REPORT_H

#include "enrold/buffer.h"
#include "enrold/problems.h"
#include "enrold/summary.h"

enum { REPORT_BYTES_MAX = 2 << 20 };

struct report {
	const struct summary *summary; /* as it will be; its files are the report's siblings,
	                                * without the report itself */
	struct problems *problems;
	const char *site_zone; /* a note on times; NULL: UTC alone */
};

/* `out` is to be checked for failure, as ever. */
void report_format(const struct report *report, struct buffer *out);

#endif
