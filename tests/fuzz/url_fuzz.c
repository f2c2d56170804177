/*
 * url_fuzz: bytes as lms.url. What the clients take for a password is never printed: neither by
 * --check nor in an error. In the seeds passwords hold "S3CRET".
 */
#include "fuzz.h"

#include "../../src/config/rules.h"
#include "../../src/db/mariadb_url.h"

#include "enrold/config.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "S3CRET"

static bool mariadb_has_secret(const char *url)
{
	struct mariadb_url parsed;
	struct error error = mariadb_url_parse(url, &parsed);
	if (strstr(error.text, SECRET))
		abort();
	return !is_error(&error) && strstr(parsed.password, SECRET);
}

static bool postgresql_has_secret(const char *url)
{
	bool has_secret = false;
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	for (const PQconninfoOption *option = options; option && option->keyword; option++)
		has_secret |= option->val && strstr(option->keyword, "password") &&
		              strstr(option->val, SECRET);
	PQconninfoFree(options);
	return has_secret;
}

static bool has_secret(const char *url)
{
	if (strncmp(url, "mariadb://", strlen("mariadb://")) == 0)
		return mariadb_has_secret(url);
	return strncmp(url, "postgresql://", strlen("postgresql://")) == 0 &&
	       postgresql_has_secret(url);
}

/* It is there once, as it is, and the client takes that for a password: without it there is none.
 */
static bool is_of_secret(const char *url)
{
	const char *at = strstr(url, SECRET);
	if (!at || strstr(at + 1, SECRET) || !has_secret(url))
		return false;
	char *other = strdup(url);
	if (!other)
		abort();
	other[at - url] = 'X';
	bool is_gone = !has_secret(other);
	free(other);
	return is_gone;
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
	bool is_good = !expected && rule_is_plain(url, false);
	if (is_good && is_of_secret(url) && is_shown(url)) {
		fprintf(stderr, "%s\n", url);
		abort();
	}
	free(url);
	return 0;
}
