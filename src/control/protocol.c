#include "enrold/protocol.h"

#include "enrold/config.h"
#include "enrold/cut.h"
#include "enrold/jsonout.h"
#include "enrold/orders.h"
#include "enrold/runid.h"
#include "enrold/value.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 4096 };

/* ---- members ---- */

/* What a member has to be. */
enum member_kind {
	MEMBER_TEXT,
	MEMBER_FEED,
	MEMBER_RUN,
	MEMBER_RUN_OR_LAST,
	MEMBER_TEXTS,
	MEMBER_COUNT,
	MEMBER_TIME,
	MEMBER_ID,
	MEMBER_UID
};

enum member {
	IN_SPOOL,
	IN_LOGIN,
	IN_FEED,
	IN_RUN,
	IN_ANY_RUN,
	IN_WHY,
	IN_COURSES,
	IN_BEFORE,
	IN_SINCE,
	IN_UNTIL,
	IN_STATUS,
	IN_FILE,
	IN_LIMIT,
	IN_USER,
	IN_COURSE,
	IN_ENROLMENT,
	MEMBERS,
};

static const struct {
	const char *name;
	enum member_kind kind;
} members[MEMBERS] = {
    [IN_SPOOL] = {"spool", MEMBER_TEXT},
    [IN_LOGIN] = {"login", MEMBER_UID},
    [IN_FEED] = {"feed", MEMBER_FEED},
    [IN_RUN] = {"run", MEMBER_RUN},
    [IN_ANY_RUN] = {"run", MEMBER_RUN_OR_LAST},
    [IN_WHY] = {"why", MEMBER_TEXT},
    [IN_COURSES] = {"courses", MEMBER_TEXTS},
    [IN_BEFORE] = {"before_s", MEMBER_TIME},
    [IN_SINCE] = {"since_us", MEMBER_TIME},
    [IN_UNTIL] = {"until_us", MEMBER_TIME},
    [IN_STATUS] = {"status", MEMBER_TEXT},
    [IN_FILE] = {"file", MEMBER_TEXT},
    [IN_LIMIT] = {"limit", MEMBER_COUNT},
    [IN_USER] = {"user", MEMBER_TEXT},
    [IN_COURSE] = {"course", MEMBER_TEXT},
    [IN_ENROLMENT] = {"enrolment", MEMBER_ID},
};

#define HAS(member) (1U << IN_##member)

static const struct {
	const char *name;
	unsigned takes, needs; /* sets of members; spool and login always */
	bool is_reading;
} commands[PROTOCOL_COMMANDS] = {
    [PROTOCOL_STATUS] = {"status", 0, 0, true},
    [PROTOCOL_RUNS] = {"runs",
        HAS(FEED) | HAS(SINCE) | HAS(UNTIL) | HAS(STATUS) | HAS(FILE) | HAS(LIMIT), 0, true},
    [PROTOCOL_SHOW] = {"show", HAS(ANY_RUN) | HAS(FEED), HAS(ANY_RUN), true},
    [PROTOCOL_EXPLAIN] = {"explain", HAS(USER) | HAS(COURSE) | HAS(ENROLMENT), 0, true},
    [PROTOCOL_PAUSE] = {"pause", HAS(FEED) | HAS(WHY), HAS(FEED), false},
    [PROTOCOL_RESUME] = {"resume", HAS(FEED), HAS(FEED), false},
    [PROTOCOL_STOP] = {"stop", HAS(RUN) | HAS(WHY), HAS(RUN), false},
    [PROTOCOL_RELEASE] = {"release", HAS(RUN) | HAS(WHY) | HAS(COURSES), HAS(RUN), false},
    [PROTOCOL_DISCARD] = {"discard", HAS(RUN) | HAS(WHY), HAS(RUN), false},
    [PROTOCOL_UNDO] = {"undo", HAS(RUN) | HAS(WHY), HAS(RUN), false},
    [PROTOCOL_PRUNE] = {"prune", HAS(FEED) | HAS(WHY) | HAS(BEFORE), HAS(FEED), false},
    [PROTOCOL_RELOAD] = {"reload", 0, 0, false},
};

const char *protocol_name(enum protocol_command command)
{
	return commands[command].name;
}

void protocol_about(const struct protocol_request *request, char about[PROTOCOL_ABOUT_SIZE])
{
	const struct history_query *query = &request->history;
	const char *name = query->user ? query->user : query->run;
	if (query->enrolment != 0)
		snprintf(about, PROTOCOL_ABOUT_SIZE, "enrolment %lld", (long long)query->enrolment);
	else
		snprintf(about, PROTOCOL_ABOUT_SIZE, "%s", name ? name : "");
}

bool protocol_is_reading(enum protocol_command command)
{
	return commands[command].is_reading;
}

static struct error refuse(const char *what, const char *name)
{
	return error_reject("bad_request", 0, "%s '%.*s'", what, CUT_ARG(name, 40));
}

static bool is_feed(const char *name)
{
	size_t length = strlen(name);
	return length > 0 && length <= FEED_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

static bool text_fits(enum member_kind kind, const char *text)
{
	int64_t epoch_us;
	if (kind == MEMBER_FEED)
		return is_feed(text);
	if (kind == MEMBER_RUN)
		return run_id_parse(text, &epoch_us);
	if (kind == MEMBER_RUN_OR_LAST)
		return strcmp(text, "last") == 0 || run_id_parse(text, &epoch_us);
	return strlen(text) <= TEXT_MAX;
}

/* A text with a NUL is shorter than it says. */
static bool is_text(const json_t *value)
{
	return json_is_string(value) &&
	       strlen(json_string_value(value)) == json_string_length(value);
}

/* The names of courses. */
static bool texts_fit(const json_t *list)
{
	size_t i;
	const json_t *item;
	json_array_foreach((json_t *)list, i, item)
	{
		size_t size = json_string_length(item);
		if (!is_text(item) || size == 0 || size >= ORDER_COURSE_SIZE)
			return false;
	}
	return json_array_size(list) > 0 && json_array_size(list) <= ORDER_COURSES_MAX;
}

static bool value_fits(enum member member, const json_t *value)
{
	enum member_kind kind = members[member].kind;
	const char *text = json_string_value(value);
	json_int_t number = json_integer_value(value);
	if (kind == MEMBER_COUNT)
		return json_is_integer(value) && number >= 0 && number <= 1000000;
	if (kind == MEMBER_ID)
		return json_is_integer(value) && number > 0;
	if (kind == MEMBER_TIME)
		return json_is_integer(value) && number >= 0;
	if (kind == MEMBER_UID) /* the last one is nobody's */
		return json_is_integer(value) && number >= 0 && number < UINT32_MAX;
	if (kind == MEMBER_TEXTS)
		return texts_fit(value);
	return is_text(value) && text_fits(kind, text) &&
	       (member != IN_WHY || strlen(text) <= PROTOCOL_WHY_MAX);
}

static bool member_find(unsigned takes, const char *name, enum member *found)
{
	for (enum member m = 0; m < MEMBERS; m++) {
		*found = m;
		if ((takes & 1U << m) && strcmp(members[m].name, name) == 0)
			return true;
	}
	return false;
}

/* Whom to explain: a person, or an enrolment, which tells whose and in which course. */
static struct error subject_check(const json_t *json)
{
	const char *user = members[IN_USER].name, *course = members[IN_COURSE].name;
	if (!json_object_get(json, members[IN_ENROLMENT].name))
		return json_object_get(json, user) ? OK : refuse("this command needs", user);
	if (json_object_get(json, user) || json_object_get(json, course))
		return refuse("an enrolment tells person and course: without",
		    json_object_get(json, user) ? user : course);
	return OK;
}

static struct error members_check(const struct protocol_request *request)
{
	unsigned takes = commands[request->command].takes | HAS(SPOOL) | HAS(LOGIN);
	unsigned missing = commands[request->command].needs;
	const char *name;
	json_t *value;
	json_object_foreach(request->json, name, value)
	{
		enum member member;
		if (strcmp(name, "v") == 0 || strcmp(name, "command") == 0)
			continue;
		if (!member_find(takes, name, &member))
			return refuse("this command knows nothing of", name);
		if (!value_fits(member, value))
			return refuse("that is no value for", name);
		missing &= ~(1U << member);
	}
	for (enum member m = 0; m < MEMBERS; m++)
		if (missing & 1U << m)
			return refuse("this command needs", members[m].name);
	return request->command == PROTOCOL_EXPLAIN ? subject_check(request->json) : OK;
}

/* ---- the whole ---- */

static const char *text_of(const struct protocol_request *request, enum member member)
{
	return json_string_value(json_object_get(request->json, members[member].name));
}

static int64_t number_of(const struct protocol_request *request, enum member member)
{
	return json_integer_value(json_object_get(request->json, members[member].name));
}

static void fill(struct protocol_request *request)
{
	static const enum history_command looking[PROTOCOL_COMMANDS] = {
	    [PROTOCOL_RUNS] = HISTORY_RUNS,
	    [PROTOCOL_SHOW] = HISTORY_SHOW,
	    [PROTOCOL_EXPLAIN] = HISTORY_EXPLAIN,
	};
	request->spool = text_of(request, IN_SPOOL);
	request->login = json_object_get(request->json, members[IN_LOGIN].name)
	                     ? number_of(request, IN_LOGIN)
	                     : -1;
	request->feed = text_of(request, IN_FEED);
	request->run = text_of(request, IN_RUN);
	request->why = text_of(request, IN_WHY);
	request->before_s = number_of(request, IN_BEFORE);
	request->courses = json_object_get(request->json, members[IN_COURSES].name);
	request->history = (struct history_query){
	    .command = looking[request->command],
	    .feed = request->feed,
	    .status = text_of(request, IN_STATUS),
	    .file = text_of(request, IN_FILE),
	    .since_us = number_of(request, IN_SINCE),
	    .until_us = number_of(request, IN_UNTIL),
	    .limit = (uint32_t)number_of(request, IN_LIMIT),
	    .run = request->run,
	    .user = text_of(request, IN_USER),
	    .course = text_of(request, IN_COURSE),
	    .enrolment = number_of(request, IN_ENROLMENT),
	};
}

static bool command_find(const char *name, enum protocol_command *found)
{
	for (enum protocol_command c = 0; c < PROTOCOL_COMMANDS; c++) {
		*found = c;
		if (name && strcmp(commands[c].name, name) == 0)
			return true;
	}
	return false;
}

static struct error object_check(struct protocol_request *request)
{
	const char *name = json_string_value(json_object_get(request->json, "command"));
	const json_t *version = json_object_get(request->json, "v");
	if (!json_is_object(request->json))
		return error_reject("bad_request", 0, "a request is one JSON object on a line");
	if (!json_is_integer(version) || json_integer_value(version) != PROTOCOL_VERSION)
		return error_reject("bad_request", 0,
		    "this is enrold " ENROLD_VERSION ", which speaks version %d of the protocol",
		    PROTOCOL_VERSION);
	if (!command_find(name, &request->command))
		return refuse("there is no command", name ? name : "");
	return members_check(request);
}

struct error protocol_parse(struct slice line, struct protocol_request *request)
{
	*request = (struct protocol_request){.json = NULL};
	/* Nesting is bounded by jansson (JSON_PARSER_MAX_DEPTH), size by the caller. */
	request->json =
	    json_loadb(line.bytes ? line.bytes : "", line.size, JSON_REJECT_DUPLICATES, NULL);
	struct error error = object_check(request);
	if (is_error(&error))
		protocol_done(request);
	else
		fill(request);
	return error;
}

void protocol_done(struct protocol_request *request)
{
	json_decref(request->json);
	*request = (struct protocol_request){.json = NULL};
}

/* ---- answers ---- */

enum protocol_exit protocol_exit(const struct error *error)
{
	switch (error->class) {
	case ERROR_NONE: return PROTOCOL_EXIT_DONE;
	case ERROR_REJECT:
		return strcmp(error->code, "bad_request") == 0 ? PROTOCOL_EXIT_USAGE
		                                               : PROTOCOL_EXIT_NO;
	case ERROR_RETRY: return PROTOCOL_EXIT_TRY_LATER;
	case ERROR_CONFIG: return PROTOCOL_EXIT_CONFIG;
	}
	abort();
}

static void line_add(struct buffer *out, json_t *line)
{
	jsonout_add(out, line, JSON_COMPACT);
	buffer_add_char(out, '\n');
	json_decref(line);
}

void protocol_answer(struct buffer *out, const json_t *data)
{
	line_add(out, json_pack("{s:i, s:O}", "v", PROTOCOL_VERSION, "data", (json_t *)data));
}

/* A message may have a file's name in it, which is any bytes. */
void protocol_end(struct buffer *out, enum protocol_exit exit, const char *message)
{
	struct buffer shown = {0};
	value_reveal(slice_of(message), &shown);
	if (shown.failed)
		out->failed = true;
	else
		line_add(out, json_pack("{s:i, s:i, s:s%}", "v", PROTOCOL_VERSION, "exit", exit,
		                  "message", shown.bytes ? shown.bytes : "", shown.size));
	buffer_done(&shown);
}
