#include "php.h"

#include "enrold/jsonout.h"

static void serialize(const json_t *data, struct buffer *out);

static void text_serialize(const char *bytes, size_t size, struct buffer *out)
{
	buffer_print(out, "s:%zu:\"", size);
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

struct slice php_encode(json_t *data, bool as_json, struct arena *arena)
{
	struct buffer out = {0};
	if (!data) {
		out.failed = true;
	} else if (!as_json) {
		serialize(data, &out);
	} else {
		jsonout_add(&out, data,
		    JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH | JSON_ENCODE_ANY);
	}
	json_decref(data);
	if (out.failed)
		arena_fail(arena);
	struct slice encoded = arena_copy(arena, buffer_slice(&out));
	buffer_done(&out);
	return encoded;
}
