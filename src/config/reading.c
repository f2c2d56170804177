#include "reading.h"

#include <string.h>

/* Goes in, to the key or feed of that name. What it gives leads out again. */
size_t reading_enter(struct reading *reading, const char *name)
{
	size_t length = strlen(reading->place);
	snprintf(reading->place + length, sizeof reading->place - length, "%s%s",
	    length > 0 ? "." : "", name);
	return length;
}

void reading_leave(struct reading *reading, size_t length)
{
	reading->place[length] = '\0';
}

struct error reading_error_at(const struct reading *reading, yaml_mark_t mark, struct error error)
{
	error.class = error.class == ERROR_RETRY ? ERROR_RETRY : ERROR_CONFIG;
	return error_wrap(error, "%s:%zu:%zu", reading->path, mark.line + 1, mark.column + 1);
}

struct error reading_error(const struct reading *reading, struct error error)
{
	if (*reading->place)
		error = error_wrap(error, "%s", reading->place);
	return reading_error_at(reading, reading->event.start_mark, error);
}

const char *reading_text(const struct reading *reading)
{
	return (const char *)reading->event.data.scalar.value;
}

bool reading_is_null(const struct reading *reading)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	if (reading->event.type != YAML_SCALAR_EVENT ||
	    reading->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
		if (strcmp(reading_text(reading), nulls[i]) == 0)
			return true;
	return false;
}

/* What stands where something else was expected; NULL: a text, which speaks for itself. */
const char *reading_found(const struct reading *reading)
{
	if (reading_is_null(reading))
		return "nothing";
	if (reading->event.type == YAML_SEQUENCE_START_EVENT)
		return "a list";
	return reading->event.type == YAML_MAPPING_START_EVENT ? "a map" : "a text";
}

/* Where the byte is that libyaml's reader stumbled over, of which it knows the offset alone. */
static yaml_mark_t mark_of_byte(const struct reading *reading)
{
	yaml_mark_t mark = {0};
	rewind(reading->input);
	for (size_t i = 0; i < reading->parser.problem_offset; i++) {
		int byte = getc(reading->input);
		if (byte == EOF)
			break;
		mark.column = byte == '\n' ? 0 : mark.column + 1;
		mark.line += byte == '\n';
	}
	return mark;
}

static struct error parser_error(const struct reading *reading)
{
	const yaml_parser_t *parser = &reading->parser;
	if (parser->error == YAML_MEMORY_ERROR)
		return error_memory("reading the configuration");
	bool is_reader = parser->error == YAML_READER_ERROR;
	if (is_reader && ferror(reading->input))
		return error_at_start(error_errno("cannot read %s", reading->path));
	struct error error = error_config("%s", parser->problem ? parser->problem : "not YAML");
	return reading_error_at(
	    reading, is_reader ? mark_of_byte(reading) : parser->problem_mark, error);
}

/* YAML's short cuts would hide what a setting is: one place of the file decides another, or bytes
 * are not what they look like. */
static const char *short_cut(const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	switch (event->type) {
	case YAML_ALIAS_EVENT: anchor = event->data.alias.anchor; break;
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: break;
	}
	return anchor ? "anchors and aliases are not used here"
	       : tag  ? "tags, such as !!binary, are not used here"
	              : NULL;
}

struct error reading_next(struct reading *reading)
{
	yaml_event_delete(&reading->event);
	if (!yaml_parser_parse(&reading->parser, &reading->event))
		return parser_error(reading);
	const yaml_event_t *event = &reading->event;
	const char *refused = short_cut(event);
	if (refused)
		return reading_error(reading, error_config("%s", refused));
	if (event->type == YAML_SCALAR_EVENT &&
	    strlen(reading_text(reading)) != event->data.scalar.length)
		return reading_error(reading, error_config("a text with a NUL"));
	return OK;
}

struct error reading_open(struct reading *reading)
{
	struct error error = reading_next(reading); /* the stream's start */
	if (!is_error(&error))
		error = reading_next(reading);
	if (!is_error(&error) && reading->event.type != YAML_STREAM_END_EVENT)
		error = reading_next(reading);
	if (is_error(&error))
		return error;
	if (reading->event.type == YAML_STREAM_END_EVENT || reading_is_null(reading))
		return reading_error(reading, error_config("%s is empty", reading->noun));
	if (reading->event.type != YAML_MAPPING_START_EVENT)
		return reading_error(reading,
		    error_config("expected a map of keys, found %s", reading_found(reading)));
	return OK;
}

struct error reading_close(struct reading *reading)
{
	struct error error = reading_next(reading); /* the document's end */
	if (!is_error(&error))
		error = reading_next(reading);
	if (!is_error(&error) && reading->event.type != YAML_STREAM_END_EVENT)
		error = reading_error(reading, error_config("a second document: one is expected"));
	return error;
}
