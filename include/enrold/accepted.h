/*
 * accepted: who has gone on with which database without what, and when: <spool>/.accepted, a JSON
 * object a line, one for each `enrolctl reconcile accept`.
 */
#ifndef ENROLD_ACCEPTED_H
#define ENROLD_ACCEPTED_H

#include "enrold/buffer.h"
#include "enrold/lost.h"

/* Takes out what has been accepted before; *accepted: how many that were that lost something. */
struct error accepted_remove(
    const struct spool *spool, struct lost *lost, size_t *count, size_t *accepted) MUST_CHECK;
/* The last acceptance as a list: `run,feed,summary_sha256,found,input,file`; none: nothing. */
#define ACCEPTED_HEADER "run,feed,summary_sha256,found,input,file\n"
struct error accepted_list(const struct spool *spool, struct buffer *list) MUST_CHECK;
/* Durable when it returns. */
struct error accepted_add(
    const struct spool *spool, const char *by, const struct lost *lost, size_t count) MUST_CHECK;

#endif
