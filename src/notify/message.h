/*
 * message: what one telling says in plain words: a headline and a text. Pure.
 *
 * Codes, counts, line numbers and paths, and sentences of the program's own tables: never a text
 * that a run has made, which may quote a cell, and never who ordered something. Whatever comes from
 * outside is shown without controls, and a word that is none is left out.
 */
#ifndef NOTIFY_MESSAGE_H
#define NOTIFY_MESSAGE_H

#include "rule.h"

/* Borrowed. */
struct message {
	const struct telling *telling;
	const struct notice *notice; /* NULL: of what lasts, as `told` says */
	const struct told *told;     /* after the telling */
	const char *feed, *node;
	bool has_retry; /* the retry file is attached */
};

/* Without "[enrold] hr: ". One line. */
void message_headline(const struct message *message, struct buffer *out);
/* Lines that end with a newline; one that begins with a blank is to stay as it is. */
void message_text(const struct message *message, struct buffer *out);

/* Foreign text on one line; "?" when there is none. */
void message_show(const char *text, struct buffer *out);
/* Of a word made of A-Z a-z 0-9 _ - . the word, else "?". */
const char *message_word(const char *word);
/* "2026-11-27 06:00 UTC" */
void message_time(int64_t epoch_s, struct buffer *out);

#endif
