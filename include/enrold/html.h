/*
 * html: pages for people, as one file that loads nothing from elsewhere and needs no script.
 *
 * Every text that goes through html_text is shown as what it is: < > & " ' are escaped, bytes that
 * are not UTF-8 and controls become U+FFFD (tab and line ends a blank), and characters that one
 * cannot see, or that turn the direction of writing, are spelt out (<U+202E>). Nothing else writes
 * foreign text into a page.
 *
 * One style sheet serves all pages (report, index): phone, desktop, dark mode, A4. A page has a
 * Content-Security-Policy of `default-src 'none'; style-src 'unsafe-inline'`.
 *
 * Pure: appends to a buffer, which remembers that it failed.
 */
#ifndef ENROLD_HTML_H
#define ENROLD_HTML_H

#include "enrold/buffer.h"
#include "enrold/slice.h"

#include <stdint.h>

/* <!doctype html> ... <body> with the style sheet; the title is any text. */
void html_begin(struct buffer *out, struct slice title);
void html_end(struct buffer *out);
void html_text(struct buffer *out, struct slice text);
/* The same, cut to `most` bytes between characters, with "..." behind what was cut. */
void html_text_cut(struct buffer *out, struct slice text, size_t most);
/* The value of an href that names a file beside the page (or below it): percent-encoded by bytes,
 * never a scheme. */
void html_href(struct buffer *out, struct slice path);
/* "1,000,000" */
void html_count(struct buffer *out, uint64_t count);
/* <time datetime="2026-11-26T02:03:01Z">26 Nov 2026 02:03 UTC</time>; epoch microseconds. */
void html_time(struct buffer *out, int64_t time_us);

#endif
