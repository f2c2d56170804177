/*
 * heard: what is logged, as lines of text: "level event: message". Of one that is logged several
 * times, the number. The program is linked with --wrap=log_event.
 */
#ifndef UNIT_HEARD_H
#define UNIT_HEARD_H

#include "enrold/buffer.h"

/* Borrows the buffer until the next. */
void heard_begin(struct buffer *out);
/* What is logged from now on is counted anew. */
void heard_end(void);

#endif
