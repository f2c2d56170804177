/*
 * webhook: a message as JSON, and the signature by which its receiver knows it. Pure.
 * enrold-notify(8) documents both.
 */
#ifndef NOTIFY_WEBHOOK_H
#define NOTIFY_WEBHOOK_H

#include "message.h"

/* One JSON object, without a newline. */
void webhook_format(const struct message *message, struct buffer *out);

/* HMAC-SHA256 of "<timestamp>.<body>", in lower-case hex. RETRY: no memory. */
enum { SIGNATURE_SIZE = 64 };
struct error webhook_sign(struct slice key, int64_t timestamp, struct slice body,
    char signature[SIGNATURE_SIZE + 1]) MUST_CHECK;

#endif
