/*
 * figure: numbers and times for eyes. Pure, but for the time zone.
 */
#ifndef CTL_FIGURE_H
#define CTL_FIGURE_H

#include <stdint.h>

enum { FIGURE_SIZE = 32 };
/* "1,234,567" */
void figure_number(char text[FIGURE_SIZE], uint64_t number);
/* "12 s", "3 min", "4 h", "2 days"; less than none, of a clock that was put back, is "0 s". */
void figure_duration(char text[FIGURE_SIZE], int64_t seconds);
/* "1.2 GiB", rounded down */
void figure_bytes(char text[FIGURE_SIZE], uint64_t bytes);
/* Local time of this machine, without what goes without saying: "02:10" of today, "26 Nov 02:10",
 * and "26 Nov 2025" of more than half a year away. */
void figure_time(char text[FIGURE_SIZE], int64_t epoch_s, int64_t now_s);

#endif
