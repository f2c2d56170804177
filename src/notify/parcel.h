/*
 * parcel: a message is given to post with what the settings of now say of its way: server, sender,
 * URL, and secrets, which are read for it and wiped.
 */
#ifndef NOTIFY_PARCEL_H
#define NOTIFY_PARCEL_H

#include "outgoing.h"
#include "post.h"

#include "enrold/config.h"

/* Borrowed until parcel_send returns, but for the context. */
struct parcel_options {
	const struct config *config;
	const struct feed *feed;
	const struct outgoing *outgoing;
	int64_t now_s;
	void *context; /* of the receipt */
};

/* Any error: nothing was sent; a secret cannot be had, say. */
struct error parcel_send(struct post *post, const struct parcel_options *options) MUST_CHECK;

#endif
