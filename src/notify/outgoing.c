#include "outgoing.h"

#include "enrold/hash.h"
#include "enrold/jsonout.h"

#include <stdio.h>
#include <string.h>

struct error outgoing_name(const struct outgoing *outgoing, char name[OUTGOING_NAME_SIZE])
{
	char hash[HASH_TEXT_SIZE + 1];
	struct error error = hash_text(slice_of(outgoing->to ? outgoing->to : ""), hash);
	snprintf(name, OUTGOING_NAME_SIZE, "%s.%.16s.json", outgoing->key, hash);
	return error;
}

void outgoing_format(const struct outgoing *outgoing, struct buffer *out)
{
	json_t *object =
	    json_pack("{s:i, s:s, s:s, s:s*, s:s, s:I, s:s%}", "v", 1, "key", outgoing->key, "feed",
	        outgoing->feed, "to", outgoing->to, "event", outgoing->event, "made",
	        (json_int_t)outgoing->made_ms, "body", outgoing->body.bytes, outgoing->body.size);
	jsonout_add(out, object, JSON_COMPACT);
	buffer_add_char(out, '\n');
	json_decref(object);
}

static const char *text_take(const json_t *object, const char *name, struct arena *arena)
{
	const char *value = json_string_value(json_object_get(object, name));
	return value ? arena_print(arena, "%s", value).bytes : NULL;
}

struct error outgoing_parse(struct slice text, struct arena *arena, struct outgoing *outgoing)
{
	json_t *object = text.size > 0 ? json_loadb(text.bytes, text.size, 0, NULL) : NULL;
	const json_t *body = json_object_get(object, "body");
	bool is_known = json_integer_value(json_object_get(object, "v")) == 1;
	*outgoing = (struct outgoing){.key = text_take(object, "key", arena),
	    .feed = text_take(object, "feed", arena),
	    .to = text_take(object, "to", arena),
	    .event = text_take(object, "event", arena),
	    .made_ms = json_integer_value(json_object_get(object, "made"))};
	if (json_is_string(body))
		outgoing->body = arena_copy(
		    arena, (struct slice){json_string_value(body), json_string_length(body)});
	json_decref(object);
	if (arena_has_failed(arena))
		return error_memory("reading a message");
	bool is_whole = is_known && outgoing->key && outgoing->feed && outgoing->event && body;
	return is_whole ? OK : error_reject("", 0, "it is no message of enrold-notify");
}
