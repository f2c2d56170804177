/* php_parts: what the files of php_date share. Nobody else includes it. */
#ifndef TEXT_PHP_PARTS_H
#define TEXT_PHP_PARTS_H

#include "enrold/slice.h"

#include <stdbool.h>
#include <time.h>

/* Hours are left out: where the clocks change PHP has counted them in more than one way. */
enum unit { DAYS, WEEKS, FORTNIGHTS, MONTHS, YEARS, UNITS };

struct reading {
	struct slice rest;
	struct tm tm; /* local: what the relative parts are relative to */
	bool has_date, has_time, has_offset, has_relative, has_day_word, has_weekday;
	long offset;       /* seconds east of UTC */
	int moves[UNITS];  /* how many of each unit later */
	int weekday, way;  /* 0: today if it is one, 1: strictly later, -1: strictly earlier */
	bool is_plain_day; /* a weekday without "next" and the like */
	int first_or_last; /* 1: first day of the month, -1: last */
};

/* ---- php_words.c: each of them passes what it takes, or nothing ---- */

void php_blanks_pass(struct reading *reading);
void php_pass(struct reading *reading, size_t size);
size_t php_letters_count(struct slice text);
size_t php_digits_count(struct slice text);
/* The word that begins the text is one of these, or of its first three letters where it may be. */
int php_word_find(struct slice text, const char *const *words, int count, bool may_be_short);
bool php_word_take(struct reading *reading, const char *word);
/* So many digits, and then none. */
bool php_number_take(struct reading *reading, size_t least, size_t most, int *number);
bool php_char_take(struct reading *reading, const char *of, char *taken);

/* ---- php_relative.c ---- */

/* +3 days, -1 week, 2 months ago */
bool php_counted_take(struct reading *reading);
/* next monday, last month, this friday, monday */
bool php_named_take(struct reading *reading);
/* today, tomorrow, yesterday, midnight, noon, now */
bool php_day_word_take(struct reading *reading);
/* first day of next month, last day of December 2026 */
bool php_edge_take(struct reading *reading);
void php_weekday_move(struct reading *reading);
/* A weekday beside a date has to say again what that says. */
bool php_weekday_agrees(const struct reading *reading);

#endif
