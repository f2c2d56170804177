/*
 * value: what a cell may hold and what it means. Pure; each parser takes a trimmed cell.
 */
#ifndef ENROLD_VALUE_H
#define ENROLD_VALUE_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_fault {
	VALUE_CLEAN,
	VALUE_NOT_UTF8,
	VALUE_LOST,    /* U+FFFD: a letter that got lost where the text was converted before */
	VALUE_CONTROL, /* NUL, C0 and C1 controls and DEL, but for tab, CR and LF */
};

/* Takes off what nobody sees at its edges: the bytes of PHP's trim (space, tab, LF, CR, NUL, VT;
 * lms/README 3.3), Unicode's other blanks, and characters without a width, such as a zero width
 * space, a soft hyphen or a byte order mark. */
struct slice value_trim(struct slice cell);
/* The same at its end only. */
struct slice value_trim_end(struct slice text);
/* Finds the first character that can only be a mistake inside a key, since nobody sees it there: a
 * no-break or zero width space, a tab, a line break. Joiners that letters or an emoji need are
 * none. */
bool value_find_stray(struct slice text, uint32_t *stray);
/* "zero width space" */
const char *value_name_stray(uint32_t c);
enum value_fault value_check(struct slice cell);
/* Appends the cell as it may be shown: U+FFFD in the place of what is not UTF-8 or a control. */
void value_show(struct slice cell, struct buffer *out);
/* The same for a log or a terminal: invisible characters, and those that would turn or break the
 * text (zero width, direction, U+2028), are spelt out: \u202e. */
void value_reveal(struct slice text, struct buffer *out);
/* One of these. */
bool value_has_no_glyph(int32_t c);
/* The text; if it has a stray, with invisible characters spelt out ("a\u00a0b"), and a blank for
 * each line break and tab. */
struct slice value_spell(struct slice text, struct arena *arena);
/* In place, because there may be no memory: each of these, and what is no text, becomes a _.
 * Returns the bytes that are left. */
size_t value_cover(char *text, size_t size);
/* The same of a text that ends with NUL. */
void value_cover_text(char *text);
/* Characters of clean UTF-8, as the database counts a column's length. */
size_t value_characters(struct slice cell);
/* So many of its first characters. */
struct slice value_beginning(struct slice cell, size_t characters);

/*
 * A value as answers show it: itself, or of a longer one so many letters, the last of them "…". A
 * letter stays with the marks that are put upon it; a byte that is not UTF-8 counts as one. What is
 * made lies in the arena.
 */
enum { VALUE_SHOWN_MAX = 255 }; /* letters; Moodle's names have no more */
struct slice value_brief(struct slice text, size_t letters_max, struct arena *arena);

/* The text with its letters composed (NFC), or taken apart (NFD); itself where it is so already,
 * or has more than 30 marks in a row, which is no text of any language. Linear in the bytes. */
struct slice value_compose(struct slice text, struct arena *arena);
struct slice value_decompose(struct slice text, struct arena *arena);
/* Two texts that look the same have one form: composed, without blanks at the end; folded, also in
 * lower case. */
struct slice value_form(struct slice text, struct arena *arena);
struct slice value_fold(struct slice text, struct arena *arena);
/* Whether two texts are the same when folded; the second gives such texts the same bytes, as far as
 * there is room, to be hashed. */
bool value_is_alike(struct slice a, struct slice b, struct arena *arena);
struct slice value_fold_apart(struct slice text, char *room, size_t size);
/* The same for texts that differ only in how their letters are composed. */
struct slice value_apart(struct slice text, char *room, size_t size);

/* PHP would take it for an integer: digits without a leading zero, perhaps behind a minus. */
bool value_is_integer(struct slice cell);
/* A whole number without sign or other ornament; false above 10^15. */
bool value_parse_whole(struct slice cell, int64_t *number);

/*
 * Dates: 2026-12-31, with " 23:59", "T23:59:59", a trailing Z or +01:00; 31.12.2026; 31 December
 * 2026 (English month names, or their first three letters). Without an offset the time is that of
 * the process's time zone, which src/run sets to the site's. A time that a zone skips is
 * moved forward, as PHP does. Never guesses: anything else, 30 February too, is false.
 */
bool value_parse_date(struct slice cell, int64_t *epoch);

/* What else a feed takes for a date: forms of strptime(3), tried in their order, with the offset of
 * a %z; and, as Moodle does, what PHP's strtotime takes: php_date.h, and @epoch. */
struct date_rules {
	const char *const *forms;
	size_t forms_count;
	bool is_moodle;
	int64_t now;   /* of the run's beginning; epoch seconds */
	int64_t today; /* its midnight */
	bool is_end;   /* a day without a time is meant with its 24 hours */
	/* One before 1970 is 0, and not refused: of those who were always there HR systems say
	 * 1900. */
	bool takes_old;
};

bool value_parse_feed_date(struct slice cell, const struct date_rules *rules, int64_t *epoch);

/* Unicode lower case (lms/README 3.1, step 3); bytes that are not UTF-8 stay as they are. */
struct slice value_lower(struct slice cell, struct arena *arena);
/* value_lower, then every byte outside [-._@a-z0-9] deleted, unless extended (lms/README 3.1). */
struct slice value_clean_username(struct slice cell, bool extended, struct arena *arena);

#endif
