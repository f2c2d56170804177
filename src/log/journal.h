/*
 * journal: an entry of the log as journald takes it, with its fields beside it, so that
 * `journalctl FEED=hr EVENT=run_refused` finds it.
 *
 *     MESSAGE PRIORITY SYSLOG_IDENTIFIER EVENT MESSAGE_ID   and of each field of the line its name
 *     in capitals: a text as it is, whatever else as JSON
 *
 * On any thread. It says when journald did not take an entry, so that it goes elsewhere.
 */
#ifndef LOG_JOURNAL_H
#define LOG_JOURNAL_H

#include "enrold/log_level.h"

#include <jansson.h>
#include <stdbool.h>

/* Whether stderr is the journal: systemd says which file that would be. */
bool journal_is_stderr(void);
/* line: an object, of which time, level and event are passed over. False: it was not taken. */
bool journal_send(enum log_level level, const char *event, const json_t *line);

#endif
