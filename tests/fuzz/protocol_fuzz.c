/*
 * protocol_fuzz: bytes as a line of the control socket. It is a request or a sentence; a request
 * has what its command needs, within its bounds; and whatever the daemon says of it, with these
 * bytes in it, is one line of JSON.
 */
#include "fuzz.h"

#include "enrold/orders.h"
#include "enrold/protocol.h"
#include "enrold/runid.h"

#include <stdlib.h>
#include <string.h>

static void must(bool is)
{
	if (!is)
		abort();
}

/* One line, and JSON. */
static json_t *line_check(struct buffer *out)
{
	must(!out->failed && out->size > 1);
	must(memchr(out->bytes, '\n', out->size) == out->bytes + out->size - 1);
	json_t *line = json_loadb(out->bytes, out->size, 0, NULL);
	must(json_integer_value(json_object_get(line, "v")) == PROTOCOL_VERSION);
	buffer_done(out);
	return line;
}

static void end_check(const char *message)
{
	struct buffer out = {0};
	protocol_end(&out, 64, message);
	json_t *line = line_check(&out);
	must(json_is_string(json_object_get(line, "message")));
	json_decref(line);
}

static void texts_check(const struct protocol_request *request)
{
	int64_t epoch_us;
	bool is_last =
	    request->command == PROTOCOL_SHOW && request->run && strcmp(request->run, "last") == 0;
	must(!request->run || is_last || run_id_parse(request->run, &epoch_us));
	must(!request->feed || (*request->feed && !strpbrk(request->feed, "/. \n")));
	must(!request->feed || strlen(request->feed) <= FEED_NAME_MAX);
	must(!request->why || strlen(request->why) <= 200);
	must(!request->courses || json_array_size(request->courses) > 0);
	for (size_t i = 0; i < json_array_size(request->courses); i++)
		must(json_string_length(json_array_get(request->courses, i)) < ORDER_COURSE_SIZE);
	must(request->login >= -1 && request->login < UINT32_MAX);
	must(request->history.since_us >= 0 && request->history.until_us >= 0);
}

static void needs_check(const struct protocol_request *request)
{
	switch (request->command) {
	case PROTOCOL_SHOW:
	case PROTOCOL_STOP:
	case PROTOCOL_RELEASE:
	case PROTOCOL_DISCARD:
	case PROTOCOL_UNDO: must(request->run); break;
	case PROTOCOL_PAUSE:
	case PROTOCOL_PRUNE:
	case PROTOCOL_RESUME: must(request->feed); break;
	case PROTOCOL_EXPLAIN: must(request->history.user); break;
	case PROTOCOL_STATUS:
	case PROTOCOL_RUNS:
	case PROTOCOL_RELOAD: break;
	case PROTOCOL_COMMANDS: abort();
	}
}

/* What was understood is understood again when it is written down. */
static void again_check(const struct protocol_request *request)
{
	struct protocol_request again;
	struct buffer out = {0};
	protocol_answer(&out, request->json);
	json_decref(line_check(&out));
	char *text = json_dumps(request->json, JSON_COMPACT);
	must(text);
	struct error error = protocol_parse((struct slice){text, strlen(text)}, &again);
	must(!is_error(&error) && again.command == request->command);
	protocol_done(&again);
	free(text);
}

static void request_check(struct slice line)
{
	struct protocol_request request;
	struct error error = protocol_parse(line, &request);
	if (is_error(&error)) {
		must(error.class == ERROR_REJECT && *error.text && !request.json);
		end_check(error.text);
		return;
	}
	must(request.json);
	texts_check(&request);
	needs_check(&request);
	again_check(&request);
	protocol_done(&request);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *bytes = malloc(size + 1);
	must(bytes);
	if (size > 0)
		memcpy(bytes, data, size);
	bytes[size] = '\0';
	if (size <= PROTOCOL_LINE_MAX)
		request_check((struct slice){bytes, size});
	end_check(bytes);
	free(bytes);
	return 0;
}
