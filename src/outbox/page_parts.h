/*
 * page_parts: what the pages of feeds are put together from. Nobody outside of pages*.c includes
 * it.
 */
#ifndef OUTBOX_PAGE_PARTS_H
#define OUTBOX_PAGE_PARTS_H

#include "enrold/pages.h"

/* How an outcome looks: never by its colour alone. */
struct page_look {
	const char *class; /* of the style sheet */
	const char *sign;
	const char *word;    /* "refused", of a run or a day */
	const char *meaning; /* for the legend */
};

extern const struct page_look page_looks[PAGE_OUTCOMES];

/* "1 run", "1,000 runs" */
void page_add_count(struct buffer *out, uint64_t count, const char *one, const char *many);

/* ---- page_strip.c ---- */

/* The last 90 days, a column a week, with a sentence in front and a legend behind. */
void page_add_strip(
    struct buffer *out, const struct page_day days[PAGE_DAYS], const struct page_moment *moment);
/* The same in a row of a table: a sign for each of the last seven days. */
void page_add_week(
    struct buffer *out, const struct page_day days[PAGE_DAYS], const struct page_moment *moment);
void page_add_legend(struct buffer *out);

#endif
