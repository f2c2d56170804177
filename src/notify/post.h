/*
 * post: mails and webhooks on their way, several at a time, by libcurl; the one file that knows it.
 *
 * Certificates are checked, always: by the system's, or by those of $SSL_CERT_FILE. Mail without
 * TLS goes to this machine alone. Nothing is redirected; of an answer the status counts, the rest
 * is read up to 64 KiB and thrown away. Each attempt has a connection of its own. One thread.
 */
#ifndef NOTIFY_POST_H
#define NOTIFY_POST_H

#include "enrold/error.h"
#include "enrold/slice.h"

#include "fate.h"

#include <poll.h>
#include <stddef.h>

struct post;

/* Borrowed until post_start returns. */
struct parcel {
	const char *url;
	const char *from, *to;       /* of a mail; NULL: a webhook */
	const char *user, *password; /* of a mail; NULL: none */
	const char *const *headers;  /* of a webhook, ended by NULL */
	struct slice body;
	void *context;
};

struct receipt {
	void *context;
	enum fate fate;
	int64_t retry_after_ms; /* 0: nothing is said of that */
	char reason[200];       /* of a failure, in one line: no word of the other side's */
};

/* RETRY: no memory. */
struct error post_open(const struct pace *pace, struct post **post) MUST_CHECK;
/* Breaks off what is under way, without a receipt. */
void post_close(struct post *post);
struct error post_start(struct post *post, const struct parcel *parcel) MUST_CHECK;
size_t post_count(const struct post *post);
/* Goes on, until one of the files has something, something was done, or the time is over. */
void post_wait(struct post *post, struct pollfd *files, size_t count, int timeout_ms);
/* False: nothing more has come to its end. */
bool post_take(struct post *post, struct receipt *receipt);

#endif
