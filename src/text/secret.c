#include "enrold/secret.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NAME LETTERS DIGITS "._-"
#define HIDDEN "***"

enum { PORT_DIGITS = 5, HASH_KIND_MAX = 10, WORD_MAX = 4 };

static const char *const schemes[] = {"postgresql://", "postgres://", "mariadb://"};

/* Of libpq, and ours for MariaDB: none of them can hold a secret. Files of keys are only named. */
static const char *const harmless[] = {"host", "hostaddr", "port", "socket", "passfile", "sslmode",
    "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "sslsni",
    "ssl_min_protocol_version", "ssl_max_protocol_version", "channel_binding", "require_auth",
    "gssencmode", "connect_timeout", "client_encoding", "application_name",
    "fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval",
    "keepalives_count", "tcp_user_timeout", "target_session_attrs", "load_balance_hosts"};

static bool consists_of(struct slice text, const char *set)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.bytes[i] == '\0' || !strchr(set, text.bytes[i]))
			return false;
	return true;
}

/* Cuts what stands before the first of `marks` off `rest`, and the mark. */
static struct slice cut(struct slice *rest, const char *marks)
{
	size_t size = 0;
	while (size < rest->size && !strchr(marks, rest->bytes[size]))
		size++;
	struct slice before = {rest->bytes, size};
	size += size < rest->size;
	*rest = (struct slice){rest->bytes + size, rest->size - size};
	return before;
}

/* ---- a URL taken apart ---- */

struct parts {
	const char *scheme;  /* NULL: no server's */
	struct slice person; /* user:password; no bytes: there is no @ */
	struct slice hosts, path, query;
};

static struct parts parts_of(const char *url)
{
	struct parts parts = {0};
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			parts.scheme = schemes[i];
	if (!parts.scheme)
		return parts;
	struct slice rest = slice_of(url + strlen(parts.scheme));
	size_t authority = strcspn(rest.bytes, "/?");
	parts.hosts = (struct slice){rest.bytes, authority};
	for (size_t i = authority; i > 0 && !parts.person.bytes; i--)
		if (rest.bytes[i - 1] == '@') {
			parts.person = (struct slice){rest.bytes, i - 1};
			parts.hosts = (struct slice){rest.bytes + i, authority - i};
		}
	rest = (struct slice){rest.bytes + authority, rest.size - authority};
	parts.path = cut(&rest, "?");
	parts.query = rest;
	return parts;
}

/* A name, an address in brackets, or a socket's directory, whose / are escaped. */
static bool is_host(struct slice host)
{
	bool is_bracketed =
	    host.size > 2 && host.bytes[0] == '[' && host.bytes[host.size - 1] == ']';
	bool is_directory = host.size > 3 && (memcmp(host.bytes, "%2F", 3) == 0 ||
	                                         memcmp(host.bytes, "%2f", 3) == 0);
	if (is_bracketed)
		return consists_of((struct slice){host.bytes + 1, host.size - 2}, NAME ":");
	return consists_of(host, is_directory ? NAME "%" : NAME);
}

static bool is_place(struct slice place)
{
	struct slice host = place;
	size_t colon = place.size;
	while (colon > 0 && place.bytes[colon - 1] != ':' && place.bytes[colon - 1] != ']')
		colon--;
	if (colon > 0 && place.bytes[colon - 1] == ':') {
		const struct slice port = {place.bytes + colon, place.size - colon};
		host.size = colon - 1;
		if (port.size > PORT_DIGITS || !consists_of(port, DIGITS))
			return false;
	}
	return is_host(host);
}

static bool are_places(struct slice hosts)
{
	bool are = true;
	while (hosts.size > 0 && are)
		are = is_place(cut(&hosts, ","));
	return are;
}

static bool has_at(struct slice text)
{
	return text.size > 0 && memchr(text.bytes, '@', text.size);
}

/* What was shown with nothing but its scheme can be read again, as all that is shown. */
bool secret_is_clear_url(const char *url)
{
	const struct parts parts = parts_of(url);
	bool is_hidden = slice_is(parts.hosts, SLICE(HIDDEN));
	return parts.scheme && !has_at(parts.person) && !has_at(parts.path) &&
	       (is_hidden || are_places(parts.hosts));
}

static int hex_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c | (c >= 'A' ? 0x20 : 0)) : NULL;
	return found ? (int)(found - digits) : -1;
}

struct slice secret_unescape(struct slice part, char room[SECRET_MAX])
{
	size_t used = 0;
	for (size_t i = 0; i < part.size && used < SECRET_MAX; i++) {
		bool has_two = part.bytes[i] == '%' && i + 2 < part.size;
		int high = has_two ? hex_of(part.bytes[i + 1]) : -1;
		int low = high >= 0 ? hex_of(part.bytes[i + 2]) : -1;
		room[used++] = low >= 0 ? (char)(high * 16 + low) : part.bytes[i];
		i += low >= 0 ? 2 : 0;
	}
	return (struct slice){room, used};
}

/* ---- showing it ---- */

/* A password that stands in another place too is no less secret there; a short one may be a word.
 */
static bool repeats_password(const struct parts *parts, struct slice shown)
{
	char password_room[SECRET_MAX], room[SECRET_MAX];
	struct slice password = parts->person;
	if (password.size == 0)
		return false;
	cut(&password, ":");
	password = secret_unescape(password, password_room);
	shown = secret_unescape(shown, room);
	if (password.size == 0 || slice_is(password, shown))
		return password.size > 0;
	return password.size >= WORD_MAX &&
	       memmem(shown.bytes, shown.size, password.bytes, password.size);
}

static bool is_harmless(struct slice pair)
{
	struct slice value = pair, name = cut(&value, "=");
	if (!consists_of(value, NAME "/,:%+~[]"))
		return false;
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (slice_is(name, slice_of(harmless[i])))
			return true;
	return false;
}

static void query_show(const struct parts *parts, struct buffer *out)
{
	const char *before = "?";
	struct slice query = parts->query;
	while (query.size > 0) {
		struct slice pair = cut(&query, "&");
		buffer_add_text(out, before);
		if (is_harmless(pair) && !repeats_password(parts, pair))
			buffer_add(out, pair.bytes, pair.size);
		else
			buffer_add_text(out, "***");
		before = "&";
	}
}

static void server_show(const struct parts *parts, struct buffer *out)
{
	buffer_add_text(out, parts->scheme);
	/* Behind the hosts an @ may be the end of a password with a / or ? in it. */
	if (has_at(parts->path) || has_at(parts->query) || !are_places(parts->hosts) ||
	    repeats_password(parts, parts->hosts)) {
		buffer_add_text(out, HIDDEN);
		return;
	}
	if (parts->person.bytes)
		buffer_add_text(out,
		    memchr(parts->person.bytes, ':', parts->person.size) ? "***:***@" : "***@");
	buffer_add(out, parts->hosts.bytes, parts->hosts.size);
	if (parts->path.size > 0) {
		struct slice base = {parts->path.bytes + 1, parts->path.size - 1};
		buffer_add_char(out, '/');
		if (consists_of(base, NAME "$") && !repeats_password(parts, base))
			buffer_add(out, base.bytes, base.size);
		else
			buffer_add_text(out, "***");
	}
	query_show(parts, out);
}

void secret_show_url(const char *url, struct buffer *out)
{
	static const char sqlite[] = "sqlite:";
	const struct parts parts = parts_of(url);
	const char *path = url + strlen(sqlite);
	if (parts.scheme) {
		server_show(&parts, out);
	} else if (strncmp(url, sqlite, strlen(sqlite)) == 0) {
		/* What looks like a server is none, but may have been meant to be one. */
		bool is_path = path[0] == '/' && (path[1] != '/' || path[2] == '/');
		buffer_add_text(out, sqlite);
		if (is_path)
			buffer_add(out, path, strcspn(path, "?"));
		if (!is_path || strchr(path, '?'))
			buffer_add_text(out, is_path ? "?***" : "***");
	} else {
		buffer_add_text(out, "***");
	}
}

bool secret_is_in_url(const char *url)
{
	static const char user[] = "://" HIDDEN "@"; /* a name alone is none */
	struct buffer shown = {0};
	secret_show_url(url, &shown);
	buffer_add_char(&shown, '\0');
	const char *at = shown.failed ? NULL : strstr(shown.bytes, user);
	const char *rest = at ? at + strlen(user) : shown.bytes;
	bool is_there = shown.failed || strstr(rest, HIDDEN);
	buffer_done(&shown);
	return is_there;
}

void secret_show_hook(const char *url, struct buffer *out)
{
	const char *scheme = strstr(url, "://");
	size_t shown = scheme ? (size_t)(scheme - url) + strlen("://") : 0;
	shown += strcspn(url + shown, "/?");
	buffer_add(out, url, shown);
	if (url[shown] != '\0')
		buffer_add_text(out, "/***");
}

/* ---- hiding it in texts ---- */

static bool is_wordly(char c)
{
	return c != '\0' && strchr(LETTERS DIGITS, c);
}

static void stars_put(char *text, size_t size, size_t at, size_t length)
{
	size_t room = size - 1 - at, stars = room < 3 ? room : 3;
	size_t rest = strlen(text + at + length);
	if (rest > room - stars)
		rest = room - stars;
	memmove(text + at + stars, text + at + length, rest);
	memset(text + at, '*', stars);
	text[at + stars + rest] = '\0';
}

/* How much of the word stands here, as a word of its own: all of it, as much as the text's end has
 * left, or nothing. */
static size_t word_here(const char *text, size_t size, size_t at, struct slice word)
{
	size_t left = strlen(text + at), length = word.size < left ? word.size : left;
	bool is_cut = length < word.size && at + left + 4 >= size;
	if ((at > 0 && is_wordly(text[at - 1])) || memcmp(text + at, word.bytes, length) != 0)
		return 0;
	if (length < word.size)
		return is_cut ? length : 0;
	return is_wordly(text[at + length]) ? 0 : length;
}

static void word_hide(char *text, size_t size, struct slice word)
{
	for (size_t at = 0; word.size > 0 && text[at] != '\0'; at++) {
		size_t length = word_here(text, size, at, word);
		if (length == 0)
			continue;
		stars_put(text, size, at, length);
		at += 2;
		if (at >= strlen(text))
			return;
	}
}

/* As it stands in the URL, and as a library knows it. */
static void part_hide(char *text, size_t size, struct slice part)
{
	char room[SECRET_MAX];
	word_hide(text, size, part);
	word_hide(text, size, secret_unescape(part, room));
}

/* "$6$rounds=10000$salt$hash", "$2y$10$...", as crypt(3) writes them: whatever follows a kind. */
static size_t hash_here(const char *text)
{
	size_t kind = *text == '$' ? strspn(text + 1, LETTERS DIGITS) : 0;
	if (kind == 0 || kind > HASH_KIND_MAX || text[kind + 1] != '$')
		return 0;
	return kind + 2 + strspn(text + kind + 2, LETTERS DIGITS "./$=,+-");
}

static void hashes_hide(char *text, size_t size)
{
	for (size_t at = 0; text[at] != '\0'; at++) {
		size_t length = hash_here(text + at);
		if (length > 0)
			stars_put(text, size, at, length);
	}
}

void secret_hide(char *text, size_t size, const char *url)
{
	hashes_hide(text, size);
	const struct parts parts = url ? parts_of(url) : (struct parts){0};
	struct slice password = parts.person, query = parts.query;
	cut(&password, ":");
	part_hide(text, size, password);
	while (query.size > 0) {
		struct slice pair = cut(&query, "&"), value = pair;
		if (is_harmless(pair))
			continue;
		cut(&value, "=");
		part_hide(text, size, value.size > 0 ? value : pair);
	}
}
