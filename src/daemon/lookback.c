#include "lookback.h"

#include "daemon_state.h"

#include "enrold/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { PATIENCE_MS = 10000 }; /* with a client that does not read, all in all */

struct lookback {
	uv_work_t work;
	struct daemon *daemon;
	struct lookbacks *all;
	struct client *client;
	int socket;
	struct config_file *file;
	struct client_user user;
	struct protocol_request request;
	bool is_gone; /* the client */
	int64_t patience_ms;
	struct error error;
};

/* ---- on the thread ---- */

static int64_t now_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

/* Until it has room for more. False: it has had all the time that there is for one client. */
static bool reader_await(struct lookback *lookback)
{
	struct pollfd wait = {.fd = lookback->socket, .events = POLLOUT};
	int64_t began_ms = now_ms();
	int ready = lookback->patience_ms > 0 ? poll(&wait, 1, (int)lookback->patience_ms) : 0;
	lookback->patience_ms -= now_ms() - began_ms;
	return ready > 0 || (ready < 0 && errno == EINTR);
}

static bool send_all(struct lookback *lookback, struct slice bytes)
{
	while (bytes.size > 0) {
		ssize_t size = send(lookback->socket, bytes.bytes, bytes.size, MSG_NOSIGNAL);
		bool waits = size < 0 && (errno == EAGAIN || errno == EINTR);
		if (size < 0 && !(waits && reader_await(lookback)))
			return false;
		if (size < 0)
			continue;
		bytes.bytes += size;
		bytes.size -= (size_t)size;
	}
	return true;
}

static bool on_object(void *context, const json_t *object)
{
	struct lookback *lookback = context;
	struct buffer line = {0};
	protocol_answer(&line, object);
	lookback->is_gone = line.failed || !send_all(lookback, buffer_slice(&line));
	buffer_done(&line);
	return !lookback->is_gone;
}

/* Who asked about what, as data protection wants it. */
static void asked_log(const struct client_user *user, const struct protocol_request *request)
{
	char by[CLIENT_NAME_SIZE], about[PROTOCOL_ABOUT_SIZE];
	const struct history_query *query = &request->history;
	client_user_name(user, by);
	protocol_about(request, about);
	json_t *fields =
	    json_pack("{s:s, s:s}", "command", protocol_name(request->command), "by", by);
	if (query->run)
		json_object_set_new(fields, "about_run", json_string(query->run));
	if (query->user)
		json_object_set_new(fields, "about_user", log_text(query->user));
	if (query->course)
		json_object_set_new(fields, "about_course", log_text(query->course));
	if (query->enrolment != 0)
		json_object_set_new(fields, "about_enrolment", json_integer(query->enrolment));
	log_event(LOG_INFO, "asked", fields, "%s asked: %s %s", by, protocol_name(request->command),
	    about);
}

static void on_work(uv_work_t *work)
{
	struct lookback *lookback = work->data;
	if (lookback->request.command != PROTOCOL_RUNS)
		asked_log(&lookback->user, &lookback->request);
	lookback->error = history_answer(config_get(lookback->file), &lookback->request.history,
	    &lookback->all->is_cancelled, on_object, lookback);
}

/* ---- on the loop ---- */

static void lookback_free(struct lookback *lookback)
{
	lookback->all->count--;
	protocol_done(&lookback->request);
	config_free(lookback->file);
	free(lookback);
}

static void on_worked(uv_work_t *work, int status)
{
	struct lookback *lookback = work->data;
	(void)status;          /* it is never cancelled */
	if (lookback->is_gone) /* or in the middle of a line */
		client_leave(lookback->client);
	else
		client_end(lookback->client, protocol_exit(&lookback->error), lookback->error.text);
	struct daemon *daemon = lookback->daemon;
	lookback_free(lookback);
	daemon_turn(daemon); /* a new time zone may have waited for this */
}

bool lookback_begin(struct daemon *daemon, struct client *client, struct protocol_request *request)
{
	struct lookbacks *all = &daemon->lookbacks;
	bool has_place = all->count < LOOKBACKS_MAX && daemon_may_begin_thread(daemon);
	struct lookback *lookback = has_place ? calloc(1, sizeof *lookback) : NULL;
	if (!lookback) {
		client_end(
		    client, PROTOCOL_EXIT_TRY_LATER, "others are looking back just now: try again");
		return false;
	}
	all->count++;
	*lookback = (struct lookback){.work.data = lookback,
	    .daemon = daemon,
	    .all = all,
	    .client = client,
	    .socket = client_lend(client),
	    .file = config_hold(daemon->file),
	    .user = client_user(client, request),
	    .request = *request,
	    .patience_ms = PATIENCE_MS};
	if (uv_queue_work(&daemon->loop, &lookback->work, on_work, on_worked) < 0) {
		client_end(client, PROTOCOL_EXIT_TRY_LATER, "no thread can be started");
		lookback_free(lookback);
	}
	return true;
}
