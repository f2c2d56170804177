#include "ask.h"
#include "owner.h"

#include "enrold/control.h"
#include "enrold/jsonout.h"
#include "enrold/protocol.h"
#include "enrold/value.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

/* What is known at once: a loop that does not say it within that time is stuck. */
enum { STATUS_PATIENCE_MS = 10000 };

/* One conversation with one daemon. */
struct talk {
	int socket;
	struct buffer in;
	size_t read; /* bytes of `in` that are done with */
	json_t *data;
	int exit;        /* -1: it has not said */
	int patience_ms; /* with a daemon that says nothing; -1: it may take as long as it takes */
	char message[600];
};

/* ---- the bytes ---- */

static bool wait_for(const struct talk *talk, short events)
{
	struct pollfd wait = {.fd = talk->socket, .events = events};
	int ready;
	do
		ready = poll(&wait, 1, talk->patience_ms);
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static bool send_all(const struct talk *talk, struct slice bytes)
{
	while (bytes.size > 0) {
		ssize_t size = send(talk->socket, bytes.bytes, bytes.size, MSG_NOSIGNAL);
		if (size < 0 && errno == EAGAIN && wait_for(talk, POLLOUT))
			continue;
		if (size < 0)
			return false;
		bytes.bytes += size;
		bytes.size -= (size_t)size;
	}
	return true;
}

static bool receive(struct talk *talk)
{
	char chunk[16 << 10];
	for (;;) {
		ssize_t size = recv(talk->socket, chunk, sizeof chunk, 0);
		if (size < 0 && errno == EAGAIN && wait_for(talk, POLLIN))
			continue;
		if (size <= 0)
			return false;
		buffer_add(&talk->in, chunk, (size_t)size);
		return !talk->in.failed;
	}
}

/* ---- the lines ---- */

static void line_take(struct talk *talk, struct slice line)
{
	json_t *object = json_loadb(line.bytes, line.size, 0, NULL);
	json_t *data = json_object_get(object, "data");
	const json_t *code = json_object_get(object, "exit");
	if (data)
		json_array_append(talk->data, data);
	if (json_is_integer(code)) {
		const char *text = json_string_value(json_object_get(object, "message"));
		talk->exit = (int)json_integer_value(code);
		snprintf(talk->message, sizeof talk->message, "%s", text ? text : "");
	}
	json_decref(object);
}

static void lines_take(struct talk *talk)
{
	while (talk->exit < 0) {
		const char *from = talk->in.bytes + talk->read;
		const char *end = talk->in.size > talk->read
		                      ? memchr(from, '\n', talk->in.size - talk->read)
		                      : NULL;
		if (!end)
			break;
		line_take(talk, (struct slice){from, (size_t)(end - from)});
		talk->read += (size_t)(end - from) + 1;
	}
	/* What is left is less than a line. */
	if (talk->read > 0) {
		talk->in.size -= talk->read;
		memmove(talk->in.bytes, talk->in.bytes + talk->read, talk->in.size);
		talk->read = 0;
	}
}

static void talk_do(struct talk *talk, const json_t *request)
{
	struct buffer line = {0};
	talk->exit = -1;
	talk->data = json_array();
	jsonout_add(&line, request, JSON_COMPACT);
	buffer_add_char(&line, '\n');
	if (!line.failed && send_all(talk, buffer_slice(&line)))
		while (talk->exit < 0 && receive(talk))
			lines_take(talk);
	if (talk->exit < 0) {
		talk->exit = CTL_TRY_LATER;
		snprintf(talk->message, sizeof talk->message,
		    "the daemon broke off before its answer was whole");
	}
	buffer_done(&line);
	buffer_done(&talk->in);
	close(talk->socket);
}

/* ---- which daemon ---- */

static void request_complete(const struct ctl *ctl, json_t *request)
{
	json_object_set_new(request, "v", json_integer(PROTOCOL_VERSION));
	json_object_set_new(request, "spool", json_string(ctl->config->spool));
}

/* As whom we have logged in before we became root: the daemon's unit keeps it from seeing that. */
static void login_tell(json_t *request)
{
	int64_t login = owner_login();
	if (getuid() == 0 && login >= 0)
		json_object_set_new(request, "login", json_integer(login));
}

static enum ctl_exit talk_end(struct talk *talk, bool is_quiet, json_t **answer)
{
	if (talk->exit == CTL_OK) {
		*answer = talk->data;
		return CTL_OK;
	}
	json_decref(talk->data);
	value_cover_text(talk->message);
	if (!is_quiet)
		fprintf(stderr, "enrolctl: %s\n", talk->message);
	return (enum ctl_exit)talk->exit;
}

/* False: none is there. */
static bool daemon_ask(const struct ctl *ctl, const json_t *request, bool is_quiet, json_t **answer,
    enum ctl_exit *status)
{
	struct control_search search = {.config = ctl->config};
	bool is_answered = false;
	for (;;) {
		struct talk talk = {.socket = control_connect_next(&search), .patience_ms = -1};
		if (talk.socket < 0)
			break;
		talk_do(&talk, request);
		is_answered = talk.exit != CTL_NO_DAEMON;
		if (is_answered) {
			*status = talk_end(&talk, is_quiet, answer);
			break;
		}
		json_decref(talk.data); /* another spool's */
	}
	control_search_done(&search);
	return is_answered;
}

enum ctl_exit ask_all(const struct ctl *ctl, json_t *request, json_t **answer)
{
	struct control_search search = {.config = ctl->config};
	json_t *all = json_array();
	request_complete(ctl, request);
	for (;;) {
		struct talk talk = {
		    .socket = control_connect_next(&search), .patience_ms = STATUS_PATIENCE_MS};
		if (talk.socket < 0)
			break;
		talk_do(&talk, request);
		if (talk.exit == CTL_OK)
			json_array_extend(all, talk.data);
		json_decref(talk.data);
	}
	control_search_done(&search);
	json_decref(request);
	*answer = all;
	if (json_array_size(all) > 0)
		return CTL_OK;
	json_decref(all);
	*answer = NULL;
	return ctl->unread ? ctl_fail(ctl->unread) : CTL_NO_DAEMON;
}

/* ---- without one ---- */

static bool on_object(void *context, const json_t *object)
{
	return json_array_append(context, (json_t *)object) == 0;
}

/* Who asked about what, where the daemon's log cannot say it. */
static void asked_log(const struct protocol_request *request)
{
	char by[OWNER_NAME_SIZE], about[PROTOCOL_ABOUT_SIZE];
	if (request->command == PROTOCOL_RUNS)
		return;
	owner_name(by);
	protocol_about(request, about);
	openlog("enrolctl", LOG_PID, LOG_DAEMON);
	syslog(LOG_INFO, "%s asked: %s %s", by, protocol_name(request->command), about);
	closelog();
}

static enum ctl_exit look_back(
    const struct ctl *ctl, const json_t *request, bool is_quiet, json_t **answer)
{
	struct buffer line = {0};
	struct protocol_request parsed = {.json = NULL};
	json_t *list = json_array();
	jsonout_add(&line, request, JSON_COMPACT);
	struct error error =
	    line.failed ? error_memory("asking") : protocol_parse(buffer_slice(&line), &parsed);
	bool is_parsed = !is_error(&error);
	if (is_parsed)
		asked_log(&parsed);
	if (is_parsed)
		error = owner_become(ctl->config->spool);
	if (!is_error(&error))
		error = history_answer(ctl->config, &parsed.history, NULL, on_object, list);
	if (is_parsed)
		protocol_done(&parsed);
	buffer_done(&line);
	if (!is_error(&error)) {
		*answer = list;
		return CTL_OK;
	}
	json_decref(list);
	return is_quiet ? (enum ctl_exit)protocol_exit(&error) : ctl_fail(&error);
}

static bool needs_no_daemon(const json_t *request)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	return strcmp(command, "runs") == 0 || strcmp(command, "show") == 0 ||
	       strcmp(command, "explain") == 0;
}

static enum ctl_exit ask_so(const struct ctl *ctl, json_t *request, bool is_quiet, json_t **answer)
{
	enum ctl_exit status = CTL_NO_DAEMON;
	*answer = NULL;
	request_complete(ctl, request);
	login_tell(request);
	bool is_answered = daemon_ask(ctl, request, is_quiet, answer, &status);
	if (!is_answered && ctl->unread)
		status = ctl_fail(ctl->unread);
	else if (!is_answered && needs_no_daemon(request))
		status = look_back(ctl, request, is_quiet, answer);
	json_decref(request);
	return status;
}

enum ctl_exit ask(const struct ctl *ctl, json_t *request, json_t **answer)
{
	return ask_so(ctl, request, false, answer);
}

enum ctl_exit ask_quietly(const struct ctl *ctl, json_t *request, json_t **answer)
{
	return ask_so(ctl, request, true, answer);
}
