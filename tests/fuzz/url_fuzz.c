/*
 * url_fuzz: bytes as lms.url. What the clients take for a password is never printed: neither by
 * --check nor in an error. In the seeds passwords hold "S3CRET".
 */
#include "fuzz.h"

#include "../../src/config/rules.h"
#include "../../src/lms/mariadb_url.h"

#include "enrold/config.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "S3CRET"

/* In what is secret, and in nothing else that may be shown. */
struct places {
	bool in_secret, elsewhere;
};

static struct places mariadb_places(const char *url)
{
	struct mariadb_url parsed;
	struct error error = mariadb_url_parse(url, &parsed);
	if (strstr(error.text, SECRET))
		abort();
	if (is_error(&error))
		return (struct places){0};
	const char *const shown[] = {parsed.user, parsed.database, parsed.socket, parsed.passfile,
	    parsed.ca, parsed.cert, parsed.key};
	struct places places = {.in_secret = strstr(parsed.password, SECRET)};
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		places.elsewhere |= strstr(shown[i], SECRET) != NULL;
	for (size_t i = 0; i < parsed.hosts_count; i++)
		places.elsewhere |= strstr(parsed.hosts[i].name, SECRET) != NULL;
	return places;
}

static struct places postgresql_places(const char *url)
{
	struct places places = {0};
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	for (const PQconninfoOption *option = options; option && option->keyword; option++) {
		bool has_it = option->val && strstr(option->val, SECRET);
		bool is_secret = strstr(option->keyword, "password");
		places.in_secret |= has_it && is_secret;
		places.elsewhere |= has_it && !is_secret;
	}
	PQconninfoFree(options);
	return places;
}

static struct places places_of(const char *url)
{
	if (strncmp(url, "mariadb://", strlen("mariadb://")) == 0)
		return mariadb_places(url);
	if (strncmp(url, "postgresql://", strlen("postgresql://")) == 0)
		return postgresql_places(url);
	return (struct places){0};
}

static bool is_shown(const char *url)
{
	const struct config config = {
	    .spool = "/s", .node = "n", .lms = {.url = url, .prefix = "mdl_", .actor = "admin"}};
	struct buffer text = {0};
	config_format(&config, &text);
	bool is_shown = memmem(text.bytes, text.size, SECRET, strlen(SECRET)) != NULL;
	buffer_done(&text);
	return is_shown;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *url = strndup((const char *)data, size);
	if (!url)
		abort();
	const char *expected = rule_url(url);
	bool is_good = !expected && rule_is_plain(url);
	struct places places = places_of(url);
	if (is_good && places.in_secret && !places.elsewhere && is_shown(url)) {
		fprintf(stderr, "%s\n", url);
		abort();
	}
	free(url);
	return 0;
}
