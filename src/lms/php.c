#include "php.h"

#include "enrold/jsonout.h"

enum { JSON_AS_PHP = JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH | JSON_ENCODE_ANY };

static void serialize(const json_t *data, struct buffer *out);

static void text_serialize(const char *bytes, size_t size, struct buffer *out)
{
	buffer_add_text(out, "s:");
	buffer_add_int(out, (int64_t)size);
	buffer_add_text(out, ":\"");
	buffer_add(out, bytes, size);
	buffer_add_text(out, "\";");
}

static void object_serialize(const json_t *data, struct buffer *out)
{
	const char *name;
	json_t *value;
	buffer_print(out, "a:%zu:{", json_object_size(data));
	json_object_foreach((json_t *)data, name, value)
	{
		text_serialize(name, strlen(name), out);
		serialize(value, out);
	}
	buffer_add_char(out, '}');
}

static void serialize(const json_t *data, struct buffer *out)
{
	switch (json_typeof(data)) {
	case JSON_OBJECT: object_serialize(data, out); break;
	case JSON_STRING:
		text_serialize(json_string_value(data), json_string_length(data), out);
		break;
	case JSON_INTEGER: buffer_print(out, "i:%lld;", (long long)json_integer_value(data)); break;
	case JSON_TRUE: buffer_add_text(out, "b:1;"); break;
	case JSON_FALSE: buffer_add_text(out, "b:0;"); break;
	case JSON_NULL:
	case JSON_REAL:
	case JSON_ARRAY: buffer_add_text(out, "N;"); break; /* no event of ours has the others */
	}
}

static struct slice take(struct buffer *out, struct arena *arena)
{
	if (out->failed)
		arena_fail(arena);
	struct slice taken = arena_copy(arena, buffer_slice(out));
	buffer_done(out);
	return taken;
}

struct slice php_encode(json_t *data, bool as_json, struct arena *arena)
{
	struct buffer out = {0};
	if (!data) {
		out.failed = true;
	} else if (!as_json) {
		serialize(data, &out);
	} else {
		jsonout_add(&out, data, JSON_AS_PHP);
	}
	json_decref(data);
	return take(&out, arena);
}

/* ---- member by member ---- */

/* Those that JSON writes as they are, '/' aside, which PHP does not. */
static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.bytes[i];
		if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '/')
			return false;
	}
	return true;
}

static void quote(struct php_writer *writer, struct slice text)
{
	if (!writer->as_json) {
		text_serialize(text.bytes, text.size, &writer->out);
	} else if (is_plain(text)) {
		buffer_add_char(&writer->out, '"');
		buffer_add(&writer->out, text.bytes, text.size);
		buffer_add_char(&writer->out, '"');
	} else {
		json_t *value = json_stringn(text.bytes, text.size);
		jsonout_add(&writer->out, value, JSON_AS_PHP);
		json_decref(value);
	}
}

static void name_add(struct php_writer *writer, const char *name)
{
	size_t size = strlen(name);
	if (writer->as_json) {
		buffer_add_text(&writer->out, writer->is_behind_member ? ",\"" : "\"");
		buffer_add(&writer->out, name, size);
		buffer_add_text(&writer->out, "\":");
	} else {
		text_serialize(name, size, &writer->out);
	}
	writer->is_behind_member = true;
}

void php_open(struct php_writer *writer, const char *name, size_t members)
{
	if (name)
		name_add(writer, name);
	if (!writer->as_json) {
		buffer_add_text(&writer->out, "a:");
		buffer_add_int(&writer->out, (int64_t)members);
		buffer_add_char(&writer->out, ':');
	}
	buffer_add_char(&writer->out, '{');
	writer->is_behind_member = false;
}

void php_close(struct php_writer *writer)
{
	buffer_add_char(&writer->out, '}');
	writer->is_behind_member = true;
}

void php_add_text(struct php_writer *writer, const char *name, struct slice text)
{
	name_add(writer, name);
	quote(writer, text);
}

void php_add_number(struct php_writer *writer, const char *name, int64_t number)
{
	name_add(writer, name);
	if (writer->as_json) {
		buffer_add_char(&writer->out, '"');
		buffer_add_int(&writer->out, number);
		buffer_add_char(&writer->out, '"');
	} else {
		struct buffer digits = {0};
		buffer_add_int(&digits, number);
		writer->out.failed |= digits.failed;
		text_serialize(digits.bytes, digits.size, &writer->out);
		buffer_done(&digits);
	}
}

void php_add_bool(struct php_writer *writer, const char *name, bool value)
{
	name_add(writer, name);
	if (writer->as_json)
		buffer_add_text(&writer->out, value ? "true" : "false");
	else
		buffer_add_text(&writer->out, value ? "b:1;" : "b:0;");
}

struct slice php_take(struct php_writer *writer, struct arena *arena)
{
	struct slice written = take(&writer->out, arena);
	*writer = (struct php_writer){.as_json = writer->as_json};
	return written;
}
