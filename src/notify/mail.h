/*
 * mail: a message as RFC 5322 has it, and as one server gives it to the next. Pure.
 *
 * Lines end with CRLF and are at most 78 bytes where words allow it, never above 998. What is not
 * ASCII is an encoded word (RFC 2047) in a header, quoted-printable in the text. No text from
 * outside can make a line of its own. Message-ID is the key: the same message has the same.
 */
#ifndef NOTIFY_MAIL_H
#define NOTIFY_MAIL_H

#include "enrold/buffer.h"
#include "enrold/slice.h"

#include <stddef.h>
#include <stdint.h>

struct mail {
	const char *from;      /* an address */
	const char *const *to; /* addresses: whoever gets it sees who else does */
	size_t to_count;
	const char *feed, *node, *key, *thread; /* thread: the key that it answers; "": none */
	struct slice headline, text;
	int64_t at_s;
	const char *attached_name; /* NULL: nothing is */
	struct slice attached;
};

/* Gives the mail. False: an address or key is none, and nothing can be sent so. */
bool mail_format(const struct mail *mail, struct buffer *out);

/* One "@", no blank, no control, nothing that ends an address: as SMTP takes it between < and >. */
bool mail_is_address(const char *text);
/* The address in a sender. False: there is none. */
enum { MAIL_ADDRESS_SIZE = 255 };
bool mail_find_address(const char *sender, char address[MAIL_ADDRESS_SIZE]);

#endif
