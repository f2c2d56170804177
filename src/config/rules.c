#include "rules.h"

#include "enrold/calendar.h"
#include "enrold/columns.h"
#include "enrold/config.h"
#include "enrold/dialect.h"
#include "enrold/ending.h"
#include "enrold/secret.h"
#include "enrold/sidecar_kind.h"
#include "enrold/username_template.h"
#include "enrold/value.h"

#include <grp.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum {
	PATH_TEXT_MAX = 2048, /* below PATH_MAX, with room for the names that enrold adds */
	NODE_MAX = 64,
	PREFIX_MAX = 20,
	GROUP_MAX = 32,
	ACTOR_MAX = 100, /* mdl_user.username */
	SHOWN_MAX = 40,
	ORIGIN_MAX = 128, /* NOTE_ORIGIN_MAX */
	SEPARATOR_MAX = 16,
};

/* Engines behind a server, whose client library a build may lack. */
static const struct {
	const char *scheme, *refusal;
} servers[] = {
#ifdef ENROLD_POSTGRESQL
    {"postgresql://", NULL},
#else
    {"postgresql://", "another engine: PostgreSQL is not in this build"},
#endif
#ifdef ENROLD_MARIADB
    {"mariadb://", NULL},
#else
    {"mariadb://", "another engine: MariaDB is not in this build"},
#endif
};

/* 1 to `max` bytes, all of them out of `set`. */
static bool consists_of(const char *text, const char *set, size_t max)
{
	size_t length = strlen(text);
	return length >= 1 && length <= max && strspn(text, set) == length;
}

const char *rule_path(const char *text)
{
	bool good = text[0] == '/' && strlen(text) <= PATH_TEXT_MAX;
	return good ? NULL : "an absolute path";
}

const char *rule_node(const char *text)
{
	bool good = consists_of(text, UPPER LOWER DIGITS "._-", NODE_MAX) &&
	            strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
	return good ? NULL : "a name of 1 to 64 of A-Z a-z 0-9 . _ -";
}

const char *rule_prefix(const char *text)
{
	bool good = consists_of(text, LOWER DIGITS "_", PREFIX_MAX) && strchr(LOWER, text[0]);
	return good ? NULL : "a letter and at most 19 of a-z 0-9 _";
}

static size_t characters(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

const char *rule_actor(const char *text)
{
	size_t length = strlen(text);
	bool good = length >= 1 && characters(text) <= ACTOR_MAX && text[0] != ' ' &&
	            text[length - 1] != ' ';
	return good ? NULL : "a user name of 1 to 100 characters";
}

/*
 * "sqlite:" and an absolute path. "sqlite://host/..." is refused: what looks like a server and a
 * password to its writer must not become a file's name, and what looks like a parameter is none.
 */
const char *rule_url(const char *text)
{
	for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++)
		if (strncmp(text, servers[i].scheme, strlen(servers[i].scheme)) == 0)
			return servers[i].refusal || secret_is_clear_url(text)
			           ? servers[i].refusal
			           : "a server's URL; what a user or password has of @ : / ? # % "
			             "is "
			             "written %40 %3A %2F %3F %23 %25";
	const char *path = strncmp(text, "sqlite:/", 8) == 0 ? text + 7 : "";
	bool is_authority = strncmp(path, "//", 2) == 0 && path[2] != '/';
	bool good = !rule_path(path) && !is_authority && path[strspn(path, "/")] != '\0' &&
	            !strchr(path, '?');
	return good ? NULL : "sqlite:/path, the path absolute, postgresql://... or mariadb://...";
}

const char *rule_feed_name(const char *text)
{
	bool good = consists_of(text, LOWER DIGITS "_-", FEED_NAME_MAX) &&
	            strcmp(text, "preview") != 0 && strcmp(text, "checkpoints") != 0;
	return good ? NULL
	            : "a feed name of 1 to 32 of a-z 0-9 _ -, not \"preview\" or \"checkpoints\", "
	              "whose folders are enrold's own";
}

static bool is_credential(const char *text)
{
	return !rule_path(text) ||
	       (consists_of(text, UPPER LOWER DIGITS "._-", 255) && text[0] != '.');
}

const char *rule_key(const char *text)
{
	return is_credential(text)
	           ? NULL
	           : "an absolute path, or the name of a credential such as \"checkpoints.key\"";
}

const char *rule_credential(const char *text)
{
	return is_credential(text)
	           ? NULL
	           : "an absolute path, or the name of a credential such as \"mail\"";
}

const char *rule_origin(const char *text)
{
	uint32_t stray;
	struct slice name = slice_of(text);
	bool good = name.size >= 1 && name.size <= ORIGIN_MAX && !strpbrk(text, " +\t\r\n") &&
	            value_check(name) == VALUE_CLEAN && !value_find_stray(name, &stray);
	return good ? NULL
	            : "a name of 1 to 128 bytes without blanks and +, such as "
	              "\"example.org/enrold\"";
}

const char *rule_text(const char *text)
{
	bool good = *text != '\0' && strlen(text) <= 255;
	return good ? NULL : "a text of 1 to 255 bytes";
}

/* Whether the form says day, month and year, with conversions that there are and that count: %Z is
 * passed over, and %p beside hours of a day of 24. */
static bool form_says_day(const char *form)
{
	enum { HALF = 3, OF_12 };
	static const char *const parts[] = {"deDFj", "mbBhDFj", "yYDF", "p", "Il"};
	bool has[5] = {false};
	for (; *form; form++) {
		if (*form != '%')
			continue;
		form++;
		if (!*form || !strchr("%aAbBdDeFhHIjklmMnpRSTtyYz", *form))
			return false;
		for (size_t i = 0; i < sizeof has / sizeof *has; i++)
			has[i] |= strchr(parts[i], *form) != NULL;
	}
	return has[0] && has[1] && has[2] && has[HALF] == has[OF_12];
}

const char *rule_date_form(const char *text)
{
	/* Seconds of the epoch say it all, and stand alone. */
	bool good = strcmp(text, "%s") == 0 || (strlen(text) <= 64 && form_says_day(text));
	return good ? NULL
	            : "a form for strptime with day, month and year, without %Z, and with %p where "
	              "it has %I or %l, such as \"%d/%m/%Y\"";
}

const char *rule_file_pattern(const char *text)
{
	bool good = !rule_text(text) && !strchr(text, '/');
	return good ? NULL : "a pattern of file names such as \"staff-*.csv\", without folders";
}

/* A file that is to be read may be called so: a marker would be taken for one, or the other way. */
static bool is_input_ending(const char *text)
{
	static const char *const packed[] = {".gz", ".tgz", NULL};
	size_t size = ending_measure(text);
	for (size_t i = 0; packed[i]; i++)
		if (strcasecmp(text, packed[i]) == 0)
			return true;
	return size > 0 && text[size] == '\0';
}

const char *rule_marker(const char *text)
{
	bool good = text[0] == '.' && strlen(text) >= 2 && strlen(text) <= 32 &&
	            !strchr(text, '/') && strcmp(text, "..") != 0 && !is_input_ending(text);
	return good ? NULL : "an ending such as \".done\", which no file to be read has";
}

const char *rule_sidecar(const char *text)
{
	return sidecar_find(text) < SIDECAR_KINDS ? NULL : "rows or sha256";
}

const char *rule_group(const char *text)
{
	return *text && getgrnam(text) ? NULL : "the name of a group of this machine";
}

/* As groupadd(8) takes them. */
const char *rule_group_name(const char *text)
{
	bool good = consists_of(text, LOWER DIGITS "_-", GROUP_MAX) && strchr(LOWER "_", text[0]);
	return good ? NULL : "the name of a group: a letter and at most 31 of a-z 0-9 _ -";
}

const char *rule_time(const char *text)
{
	int minutes;
	return calendar_parse_time(text, &minutes) ? NULL : "a time of day such as \"06:00\"";
}

const char *rule_weekday(const char *text)
{
	int weekday;
	return calendar_parse_weekday(text, &weekday) ? NULL
	                                              : "mon, tue, wed, thu, fri, sat or sun";
}

const char *rule_dates(const char *text)
{
	struct calendar_span span;
	return calendar_parse_span(text, &span)
	           ? NULL
	           : "a date such as \"2026-12-24\", or two, \"2026-12-24..2027-01-06\"";
}

/* Cells of a header are trimmed before they are looked for. */
const char *rule_heading(const char *text)
{
	struct slice heading = slice_of(text);
	bool good = !rule_text(text) && slice_is(value_trim(heading), heading);
	return good ? NULL : "a heading of 1 to 255 bytes without blanks around it";
}

const char *rule_word(const char *text)
{
	return rule_heading(text) ? "a word of 1 to 255 bytes without blanks around it" : NULL;
}

const char *rule_cell(const char *text)
{
	return strlen(text) <= 255 ? NULL : RULE_CELL_NOUN;
}

const char *rule_column(const char *text)
{
	static const struct policy none = {0};
	bool good = columns_is_known(&none, slice_of(text));
	return good ? NULL : "a column of enrold's own, such as \"username\" or \"course1\"";
}

/* What an account may have by default: any of its details, and how it logs in. */
const char *rule_default(const char *text)
{
	return columns_has_default(slice_of(text)) ? NULL : "a user column, such as \"city\"";
}

const char *rule_template(const char *text)
{
	bool good = strlen(text) <= 100 && template_makes_names(slice_of(text));
	return good ? NULL
	            : "a text with %f or %l (first, last name) in it and no other %, such as "
	              "\"%-1f%-l\"";
}

const char *rule_delimiter(const char *text)
{
	return dialect_parse_delimiter(text)
	           ? NULL
	           : "comma, semicolon, colon, tab, pipe or one character";
}

const char *rule_encoding(const char *text)
{
	iconv_t converter = *text ? iconv_open("UTF-8", text) : (iconv_t)-1;
	if (converter == (iconv_t)-1)
		return "a character set that `iconv -l` lists, such as \"windows-1252\"";
	iconv_close(converter);
	return NULL;
}

const char *rule_home(const char *text)
{
	return is_credential(text)
	           ? NULL
	           : "an absolute path, or the name of a credential such as \"pgp\"";
}

/* Of version 4 (RFC 4880, 12.2): short key ids are no names, for anybody can make another key of
 * the same. */
const char *rule_fingerprint(const char *text)
{
	enum { DIGITS_COUNT = 40 };
	size_t digits = 0;
	for (; *text && strchr(DIGITS "abcdefABCDEF ", *text); text++)
		digits += *text != ' ';
	return *text == '\0' && digits == DIGITS_COUNT
	           ? NULL
	           : "a fingerprint of 40 hexadecimal digits, as `gpg --fingerprint` shows it";
}

void rule_tidy_fingerprint(char *text)
{
	char *to = text;
	for (; *text; text++)
		if (*text != ' ')
			*to++ = *text >= 'a' && *text <= 'f' ? (char)(*text - 'a' + 'A') : *text;
	*to = '\0';
}

const char *rule_preset(const char *text)
{
	return consists_of(text, LOWER DIGITS "_-", PRESET_NAME_MAX) || !rule_path(text)
	           ? NULL
	           : "the name of a preset, such as \"canvas\", or an absolute path";
}

const char *rule_separator(const char *text)
{
	size_t length = strlen(text);
	return length >= 1 && length <= SEPARATOR_MAX ? NULL : "a text of 1 to 16 bytes";
}

/* A quote in it could as well begin a cell, and other letters are not of the same bytes in every
 * character set. */
const char *rule_record_end(const char *text)
{
	bool is_visible = true;
	for (const char *c = text; *c; c++)
		is_visible &= *c > ' ' && *c < 0x7F && *c != '"';
	return !rule_separator(text) && is_visible
	           ? NULL
	           : "1 to 16 letters of ASCII without blanks or quotes, such as \"!##!\"";
}

bool rule_host_name(char *text, size_t size)
{
	return gethostname(text, size) == 0 && memchr(text, '\0', size);
}

bool rule_is_plain(const char *text, bool may_break)
{
	static const char *const refused[] = {"\xE2\x80\xA8", "\xE2\x80\xA9", /* U+2028, U+2029 */
	    "\xEF\xBB\xBF", "\xEF\xBF\xBE", "\xEF\xBF\xBF"};                  /* U+FEFF, U+FFFE.. */
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (strstr(text, refused[i]))
			return false;
	for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++) {
		bool is_c1 = byte[0] == 0xC2 && byte[1] >= 0x80 && byte[1] < 0xA0;
		bool is_break = may_break && strchr("\t\r\n", *byte);
		if ((byte[0] < 0x20 && !is_break) || byte[0] == 0x7F || is_c1)
			return false;
	}
	return true;
}

bool rule_is_shown(const char *text)
{
	return strlen(text) <= SHOWN_MAX && rule_is_plain(text, false) && !strpbrk(text, "@=") &&
	       !strstr(text, "://");
}

const char *rule_argument(const char *text)
{
	return strlen(text) <= 4096 ? NULL : RULE_ARGUMENT_NOUN;
}
