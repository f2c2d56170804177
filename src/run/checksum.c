#include "checksum.h"

#include "enrold/hash.h"

#include <ctype.h>
#include <strings.h>

struct line {
	const char *hash;
	struct slice name;
	bool is_escaped; /* \ and line breaks in the name are written as \\, \n, \r */
};

/* Cuts off the next line, without its end. */
static struct slice line_next(struct slice *rest)
{
	const char *end = memchr(rest->bytes, '\n', rest->size);
	size_t size = end ? (size_t)(end - rest->bytes) : rest->size;
	struct slice line = {rest->bytes, size};
	rest->bytes += size + (end != NULL);
	rest->size -= size + (end != NULL);
	if (line.size > 0 && line.bytes[line.size - 1] == '\r')
		line.size--;
	return line;
}

static bool line_parse(struct slice text, struct line *line)
{
	line->is_escaped = text.size > 0 && text.bytes[0] == '\\';
	text.bytes += line->is_escaped;
	text.size -= line->is_escaped;
	size_t digits = 0;
	while (digits < text.size && isxdigit((unsigned char)text.bytes[digits]))
		digits++;
	line->hash = text.bytes;
	line->name = (struct slice){text.bytes + digits, text.size - digits};
	return digits == HASH_TEXT_SIZE;
}

static bool is_of_name(const struct line *line, struct slice written, struct slice name)
{
	size_t at = 0;
	for (size_t i = 0; i < written.size; i++, at++) {
		bool is_escape = line->is_escaped && written.bytes[i] == '\\';
		i += is_escape;
		if (i >= written.size || at >= name.size || written.bytes[i] != name.bytes[at])
			return false;
	}
	return at == name.size;
}

static bool written_is(const struct line *line, size_t from, struct slice name)
{
	struct slice written = {line->name.bytes + from, line->name.size - from};
	const char *slash = written.size > 0 ? memrchr(written.bytes, '/', written.size) : NULL;
	if (slash) {
		written.size -= (size_t)(slash + 1 - written.bytes);
		written.bytes = slash + 1;
	}
	return is_of_name(line, written, name);
}

/* Behind a blank and another mark, or as many blanks as somebody has typed. */
static bool line_is_of(const struct line *line, struct slice name)
{
	size_t marks = 0;
	while (marks < line->name.size && slice_has(SLICE(" *"), line->name.bytes[marks]))
		marks++;
	return written_is(line, marks < 2 ? marks : 2, name) || written_is(line, marks, name);
}

static const char *hash_find(struct slice text, struct slice name)
{
	const char *only = NULL;
	size_t lines = 0;
	while (text.size > 0) {
		struct line line;
		if (!line_parse(line_next(&text), &line))
			continue;
		if (line_is_of(&line, name))
			return line.hash;
		only = line.hash;
		lines++;
	}
	return lines == 1 ? only : NULL;
}

enum checksum checksum_compare(struct slice text, struct slice name, const char *sha256)
{
	const char *hash = hash_find(text, name);
	if (!hash)
		return CHECKSUM_MISSING;
	bool agrees = strncasecmp(hash, sha256, HASH_TEXT_SIZE) == 0;
	return agrees ? CHECKSUM_AGREES : CHECKSUM_DIFFERS;
}
