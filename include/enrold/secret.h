/*
 * secret: what may be shown of a database's URL, and texts of others that might repeat a secret.
 * Pure.
 *
 * Shows the parts of a URL that are known to be harmless, not all that look unlike a password:
 * scheme, hosts, ports, the database, and parameters of a list. All else is "***".
 */
#ifndef ENROLD_SECRET_H
#define ENROLD_SECRET_H

#include "enrold/buffer.h"

#include <stddef.h>

/* Appends the URL as it may be shown to anybody. */
void secret_show_url(const char *url, struct buffer *out);

/* The same of the URL of a webhook, of which whoever knows it may make use: its host alone. */
void secret_show_hook(const char *url, struct buffer *out);

/* Whether the URL has a password in it, or something that nobody knows to be none. */
bool secret_is_in_url(const char *url);

/* Without its escapes, "%2F", cut to the room, in which it lies. */
enum { SECRET_MAX = 512 };
struct slice secret_unescape(struct slice part, char room[SECRET_MAX]);

/*
 * Whether everybody takes the URL of a server apart in the same way, so that no tail of a password
 * becomes a host, a port or a database: at most one @ in front of the parameters, hosts that are
 * names, ports that are numbers. A password's @ : / ? # % must be escaped, as %40.
 */
bool secret_is_clear_url(const char *url);

/*
 * Puts *** in the place of what a library's or server's text, cut to `size` bytes with its NUL or
 * not, repeats of the URL's secrets, as they stand there or unescaped, and of hashes of passwords
 * ("$6$..."): servers quote statements. `url` may be NULL.
 */
void secret_hide(char *text, size_t size, const char *url);

#endif
