/*
 * log: one JSON object a line on stderr: `time level event`, what the event is about, `message`.
 *
 * Where stderr is the journal an entry goes to journald with its fields (src/log/journal.h), or,
 * when journald does not take it, as a line that begins with its priority, "<4>" of a warning.
 *
 * Any thread may write; a line is one write, so lines never mix. Each event is a row of events.h.
 * Bytes that are no text (not UTF-8, controls) are shown as U+FFFD, and invisible characters
 * (directions, zero width) are spelt out. Nothing secret is ever given to it.
 */
#ifndef ENROLD_LOG_H
#define ENROLD_LOG_H

#include "enrold/error.h"
#include "enrold/log_level.h"

#include <jansson.h>

/* Lines below it are not written. At start: LOG_INFO. */
void log_set_level(enum log_level level);

/* fields: a JSON object, which is taken, or NULL. A line that finds no memory is lost. */
void log_event(enum log_level level, const char *event, json_t *fields, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* "<4>" and the like where stderr is the journal, which knows a line's priority by it and takes it
 * off; else "". */
const char *log_prefix(enum log_level level);

/* A new JSON text of any bytes, as a person is to see it. */
json_t *log_text(const char *text);

#endif
