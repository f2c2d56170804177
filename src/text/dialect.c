#include "enrold/dialect.h"

#include "enrold/value.h"

#include <strings.h>

static const struct {
	const char *name;
	char character;
} delimiters[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}, {"colon", ':'}};

enum { DELIMITERS = sizeof delimiters / sizeof *delimiters };

/* Whatever can stand in a name, a date or an address is none. */
static bool is_delimiter(char c)
{
	return c && strchr(",;\t|:!#$%&*/^~", c);
}

char dialect_parse_delimiter(const char *text)
{
	for (size_t i = 0; i < DELIMITERS; i++)
		if (strcmp(delimiters[i].name, text) == 0)
			return delimiters[i].character;
	return is_delimiter(text[0]) && text[1] == '\0' ? text[0] : '\0';
}

char dialect_parse_sep(struct slice line)
{
	line = line.size == 5 && line.bytes[4] == '\t' ? line : value_trim(line);
	if (line.size == 7 && line.bytes[0] == '"' && line.bytes[6] == '"')
		line = (struct slice){line.bytes + 1, 5};
	if (line.size != 5 || strncasecmp(line.bytes, "sep=", 4) != 0)
		return '\0';
	return is_delimiter(line.bytes[4]) ? line.bytes[4] : '\0';
}

static struct slice unquoted(struct slice cell)
{
	cell = value_trim(cell);
	if (cell.size >= 2 && cell.bytes[0] == '"' && cell.bytes[cell.size - 1] == '"')
		cell = value_trim((struct slice){cell.bytes + 1, cell.size - 2});
	return cell;
}

const char *dialect_name(char delimiter)
{
	static const char marks[][2] = {"!", "#", "$", "%", "&", "*", "/", "^", "~"};
	for (size_t i = 0; i < DELIMITERS; i++)
		if (delimiters[i].character == delimiter)
			return delimiters[i].name;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (marks[i][0] == delimiter)
			return marks[i];
	return "separator";
}

char dialect_find_other(struct slice cell, char delimiter)
{
	for (size_t i = 0; i < DELIMITERS; i++)
		if (delimiters[i].character != delimiter && cell.size > 0 &&
		    memchr(cell.bytes, delimiters[i].character, cell.size))
			return delimiters[i].character;
	return '\0';
}

struct score {
	size_t names, cells;
};

static struct score score_of(
    struct slice header, char delimiter, dialect_is_name *is_name, const void *context)
{
	struct score score = {0};
	bool is_quoted = false;
	size_t start = 0;
	for (size_t i = 0; i <= header.size; i++) {
		if (i < header.size && header.bytes[i] == '"')
			is_quoted = !is_quoted;
		if (i < header.size && (is_quoted || header.bytes[i] != delimiter))
			continue;
		struct slice cell = {header.bytes + start, i - start};
		score.names += is_name(context, unquoted(cell));
		score.cells++;
		start = i + 1;
	}
	return score;
}

size_t dialect_count(
    struct slice header, char delimiter, dialect_is_name *is_name, const void *context)
{
	return score_of(header, delimiter, is_name, context).names;
}

char dialect_recognise(struct slice header, dialect_is_name *is_name, const void *context)
{
	char best = ',';
	struct score most = {0};
	for (size_t i = 0; i < DELIMITERS; i++) {
		char delimiter = delimiters[i].character;
		struct score score = score_of(header, delimiter, is_name, context);
		if (score.names > most.names ||
		    (score.names == most.names && score.cells > most.cells)) {
			most = score;
			best = delimiter;
		}
	}
	return best;
}
