/*
 * rules_notify: whom enrold-notify may write to, and by whom. All of it goes into headers and URLs
 * of other protocols: so it is plain ASCII, and what such a protocol gives a meaning is not taken.
 */
#include "rules.h"

#include "enrold/occasion.h"

#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum { ADDRESS_MAX = 254, LOCAL_MAX = 64, SENDER_MAX = 320, URL_MAX = 2000, PORT_MAX = 65535 };

const char *rule_occasion(const char *text)
{
	return occasion_is_known(text) ? NULL
	                               : "errors, held, refused, late, due, recovered or success";
}

/* A name of hosts that mail or a URL can have; its length, 0: none stands there. */
static size_t host_length(const char *text)
{
	size_t length = strspn(text, LETTERS DIGITS ".-");
	if (*text == '[') {
		length = 1 + strspn(text + 1, DIGITS "abcdefABCDEF:.");
		return length > 1 && text[length] == ']' ? length + 1 : 0;
	}
	return *text != '.' && *text != '-' ? length : 0;
}

/* Of one address without its angle brackets, which ends before `end`. */
static bool is_address(const char *text, size_t length)
{
	size_t local = strspn(text, LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~.");
	if (length > ADDRESS_MAX || local == 0 || local > LOCAL_MAX || text[local] != '@')
		return false;
	size_t domain = host_length(text + local + 1);
	return text[0] != '.' && domain > 0 && text[local + 1] != '[' &&
	       local + 1 + domain == length;
}

const char *rule_address(const char *text)
{
	return is_address(text, strlen(text)) ? NULL
	                                      : "one mail address, such as \"hr@example.org\"";
}

/* "enrold <enrold@example.org>": the name without what would need quotes in a header. */
static bool is_named_address(const char *text)
{
	size_t name = strspn(text, LETTERS DIGITS " !#$%&'*+-/=?^_`{|}~");
	size_t length = strlen(text);
	return length <= SENDER_MAX && name > 1 && text[0] != ' ' && text[name - 1] == ' ' &&
	       text[name] == '<' && text[length - 1] == '>' &&
	       is_address(text + name + 1, length - name - 2);
}

const char *rule_sender(const char *text)
{
	return !rule_address(text) || is_named_address(text)
	           ? NULL
	           : "a mail address, or a name and one, such as \"enrold <enrold@example.org>\"";
}

/* Behind the scheme: a host and perhaps a port; what follows, NULL: that is none. */
static const char *authority_end(const char *text)
{
	size_t host = host_length(text);
	const char *end = text + host;
	if (host == 0 || *end != ':')
		return host == 0 ? NULL : end;
	size_t digits = strspn(++end, DIGITS);
	long port = digits > 0 && digits < 6 ? strtol(end, NULL, 10) : 0;
	return port > 0 && port <= PORT_MAX ? end + digits : NULL;
}

static const char *scheme_end(const char *text, const char *scheme)
{
	size_t length = strlen(scheme);
	return strncmp(text, scheme, length) == 0 ? text + length : NULL;
}

const char *rule_smtp(const char *text)
{
	const char *host = scheme_end(text, "smtps://"), *end;
	host = host ? host : scheme_end(text, "smtp://");
	end = host ? authority_end(host) : NULL;
	return end && *end == '\0' && strlen(text) <= URL_MAX
	           ? NULL
	           : "smtps://host:465 or smtp://host:587, without user and password";
}

/* Nobody else can listen there. */
static bool is_loopback(const char *host)
{
	static const char *const names[] = {"localhost", "[::1]"};
	size_t length = host_length(host);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (length == strlen(names[i]) && strncmp(host, names[i], length) == 0)
			return true;
	return strncmp(host, "127.", 4) == 0 && strspn(host, DIGITS ".") == length;
}

const char *rule_webhook(const char *text)
{
	const char *host = scheme_end(text, "https://"), *clear = scheme_end(text, "http://");
	const char *end = host ? authority_end(host) : NULL;
	if (clear && is_loopback(clear))
		end = authority_end(clear);
	bool is_path = end && (*end == '\0' || *end == '/' || *end == '?');
	for (const char *c = text; is_path && *c; c++)
		is_path = *c > ' ' && *c < 0x7F && !strchr("\"#<>\\^`{|}", *c);
	return is_path && strlen(text) <= URL_MAX
	           ? NULL
	           : "a URL such as \"https://example.org/hook\", or http:// to this machine alone";
}
