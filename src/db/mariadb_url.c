#include "mariadb_url.h"

#include "enrold/slice.h"

#include <stdlib.h>

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False when it does not fit or an escape is none. */
static bool decode(struct slice part, char out[MARIADB_TEXT_SIZE])
{
	size_t used = 0;
	for (size_t i = 0; i < part.size; i++) {
		char c = part.bytes[i];
		if (c == '%') {
			bool has_two = i + 2 < part.size;
			int high = has_two ? hex_of(part.bytes[i + 1]) : -1;
			int low = has_two ? hex_of(part.bytes[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0' || used + 1 == MARIADB_TEXT_SIZE)
			return false;
		out[used++] = c;
	}
	out[used] = '\0';
	return true;
}

/* Cuts what stands before the first of `marks`, and the mark. False: there is none. */
static bool cut(struct slice *rest, const char *marks, struct slice *before)
{
	size_t size = 0;
	while (size < rest->size && !strchr(marks, rest->bytes[size]))
		size++;
	*before = (struct slice){rest->bytes, size};
	bool has_mark = size < rest->size;
	rest->bytes += size + has_mark;
	rest->size -= size + has_mark;
	return has_mark;
}

static struct error refuse(const char *what)
{
	return error_config("lms.url: %s; expected "
	                    "mariadb://user:password@host:port/database?sslmode=...",
	    what);
}

static struct error host_parse(struct slice part, struct mariadb_url *url)
{
	struct slice name;
	if (url->hosts_count == MARIADB_HOSTS_MAX)
		return refuse("too many hosts");
	if (part.size > 0 && part.bytes[0] == '[') { /* [::1]:3306 */
		part.bytes++;
		part.size--;
		if (!cut(&part, "]", &name))
			return refuse("a host's ] is missing");
		if (part.size > 0 && part.bytes[0] == ':')
			part = (struct slice){part.bytes + 1, part.size - 1};
	} else {
		cut(&part, ":", &name);
	}
	char digits[MARIADB_TEXT_SIZE], *end;
	if (!decode(name, url->hosts[url->hosts_count].name) || !decode(part, digits))
		return refuse("a host is no name");
	unsigned long port = strtoul(digits, &end, 10);
	if (*end != '\0' || port > 65535)
		return refuse("a port is no number");
	url->hosts[url->hosts_count++].port = (unsigned)port;
	return OK;
}

static struct error tls_parse(const char *value, struct mariadb_url *url)
{
	static const char *const names[] = {[MARIADB_TLS_DISABLE] = "disable",
	    [MARIADB_TLS_REQUIRE] = "require",
	    [MARIADB_TLS_VERIFY] = "verify-full"};
	for (enum mariadb_tls i = MARIADB_TLS_DISABLE; i <= MARIADB_TLS_VERIFY; i++)
		if (strcmp(names[i], value) == 0) {
			url->tls = i;
			return OK;
		}
	return refuse("sslmode is disable, require or verify-full");
}

static struct error key_parse(struct slice pair, struct mariadb_url *url)
{
	const struct {
		const char *name;
		char *value;
	} keys[] = {{"socket", url->socket}, {"passfile", url->passfile}, {"sslrootcert", url->ca},
	    {"sslcert", url->cert}, {"sslkey", url->key}};
	struct slice name;
	char value[MARIADB_TEXT_SIZE];
	cut(&pair, "=", &name);
	if (!decode(pair, value))
		return refuse("a value behind ? is not well formed");
	if (slice_is(name, SLICE("sslmode")))
		return tls_parse(value, url);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (slice_is(name, slice_of(keys[i].name))) {
			memcpy(keys[i].value, value, sizeof value);
			return OK;
		}
	return refuse("behind ? come socket, passfile, sslmode, sslrootcert, sslcert, sslkey");
}

static struct error user_parse(struct slice part, struct mariadb_url *url)
{
	struct slice user;
	cut(&part, ":", &user);
	return decode(user, url->user) && decode(part, url->password)
	           ? OK
	           : refuse("user or password is not well formed");
}

struct error mariadb_url_parse(const char *text, struct mariadb_url *url)
{
	struct slice rest = slice_of(text + strlen("mariadb://")), part, authority, path;
	*url = (struct mariadb_url){.tls = MARIADB_TLS_DEFAULT};
	cut(&rest, "?", &path);
	cut(&path, "/", &authority);
	struct error error = OK;
	if (memchr(authority.bytes, '@', authority.size)) {
		cut(&authority, "@", &part);
		error = user_parse(part, url);
	}
	while (!is_error(&error) && (authority.size > 0 || url->hosts_count == 0)) {
		cut(&authority, ",", &part);
		error = host_parse(part, url);
	}
	if (!is_error(&error) && (!decode(path, url->database) || *url->database == '\0'))
		error = refuse("the database's name is missing");
	while (!is_error(&error) && rest.size > 0) {
		cut(&rest, "&", &part);
		error = key_parse(part, url);
	}
	return error;
}
