/*
 * words: what the objects of runs, show and explain say, in words for eyes. Texts of objects may be
 * missing: then they are "".
 */
#ifndef CTL_WORDS_H
#define CTL_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const char *words_text(const json_t *object, const char *name);
int64_t words_number(const json_t *object, const char *name);
bool words_is(const json_t *object, const char *name, const char *text);
/* "2026-11-24T02:57:44.123Z"; 0: it is none. */
int64_t words_time(const char *text);
/* Of a run's id. */
int64_t words_run_time(const char *run);

/* "status=0;timestart=1795478400;timeend=0;roles=student" -> "active as student since 24 Nov"; what
 * is no such text as it is, "" as "not enrolled". */
enum { STATE_SIZE = 320 };
void words_state(char text[STATE_SIZE], const char *state, int64_t now_s);

/* Where a row stands: "staff.csv:7", of an archive "night.zip/users.csv:3"; without a line, since
 * it is not in the file, "staff.csv". */
enum { PLACE_TEXT_SIZE = 600 };
void words_place(char text[PLACE_TEXT_SIZE], const json_t *row);
/* "line 7", "users.csv, line 3"; "": none. */
void words_line(char text[PLACE_TEXT_SIZE], const json_t *row);

/* "2,800 done, 30 errors" */
enum { OUTCOMES_SIZE = 200 };
void words_outcomes(char text[OUTCOMES_SIZE], const json_t *outcomes);

#endif
