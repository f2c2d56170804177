/*
 * order_text: what the file of an order says, written and read. It is trusted with nothing: a
 * person may have made it by hand.
 */
#ifndef SPOOL_ORDER_TEXT_H
#define SPOOL_ORDER_TEXT_H

#include "enrold/buffer.h"
#include "enrold/orders.h"

enum { ORDER_TEXT_MAX = 64 << 10 }; /* a hundred names of courses, each byte of them escaped */

bool order_is_feed(const char *name);
/* Appends a line. REJECT: it cannot be said, because a course's name is no text. */
struct error order_format(const struct order *order, struct buffer *text) MUST_CHECK;
/* Sets all but kind and subject. arena NULL: no courses. RETRY: no memory. */
struct error order_understand(
    struct slice text, struct arena *arena, struct order *order) MUST_CHECK;

#endif
