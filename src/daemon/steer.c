#include "steer.h"

#include "daemon_state.h"
#include "lookback.h"
#include "ordering.h"
#include "status.h"

#include "enrold/log.h"

#include <stdio.h>
#include <string.h>

/* ---- which may be given ---- */

static void feed_steer(
    struct daemon *daemon, struct client *client, const struct protocol_request *request)
{
	char text[160];
	if (config_find_feed(daemon->config, request->feed)) {
		ordering_begin(daemon, client, request, ORDERING_PLAIN);
		return;
	}
	snprintf(text, sizeof text, "no feed %s is configured", request->feed);
	client_end(client, PROTOCOL_EXIT_NO, text);
}

/* Of a run that is under way, or waits in work/, at whichever daemon. */
static void work_steer(
    struct daemon *daemon, struct client *client, const struct protocol_request *request)
{
	const char *run = request->run;
	bool is_stopped = orders_find(feeds_orders(daemon->feeds), ORDER_STOP, run);
	char text[200];
	if (request->command == PROTOCOL_RELEASE && !is_stopped)
		snprintf(text, sizeof text, "run %s is under way, and waits for nobody", run);
	else if (request->command == PROTOCOL_RELEASE && request->courses)
		snprintf(text, sizeof text,
		    "run %s was stopped, and goes on with all courses or with none", run);
	else if (request->command == PROTOCOL_DISCARD && !is_stopped)
		snprintf(text, sizeof text, "run %s is under way: enrolctl stop %s comes first",
		    run, run);
	else if (request->command == PROTOCOL_UNDO)
		snprintf(text, sizeof text,
		    "run %s has not ended: enrolctl stop %s and discard %s come first", run, run,
		    run);
	else {
		ordering_begin(daemon, client, request, ORDERING_PLAIN);
		return;
	}
	client_end(client, PROTOCOL_EXIT_NO, text);
}

static void run_steer(
    struct daemon *daemon, struct client *client, const struct protocol_request *request)
{
	const char *run = request->run;
	char text[200];
	bool is_begun = feeds_has_run(daemon->feeds, run) || workers_find_run(daemon->workers, run);
	struct error error = is_begun ? OK : orders_find_run(daemon->spool.root, run, &is_begun);
	if (is_error(&error)) {
		client_end(client, PROTOCOL_EXIT_TRY_LATER, error.text);
	} else if (is_begun) {
		work_steer(daemon, client, request);
	} else if (request->command == PROTOCOL_STOP) {
		snprintf(text, sizeof text, "no run %s is under way", run);
		client_end(client, PROTOCOL_EXIT_NO, text);
	} else {
		ordering_begin(daemon, client, request, ORDERING_OF_ENDED);
	}
}

/* ---- the rest ---- */

/* Who it is is looked up here: a reload looks up groups on this thread as well. */
static void reload_steer(
    struct daemon *daemon, struct client *client, const struct protocol_request *request)
{
	const struct client_user user = client_user(client, request);
	char by[CLIENT_NAME_SIZE];
	struct error error = daemon_reload(daemon);
	if (is_error(&error)) {
		client_end(client, protocol_exit(&error), error.text);
		return;
	}
	client_user_name(&user, by);
	log_event(LOG_INFO, "reload_asked",
	    json_pack("{s:s, s:I}", "by", by, "uid", (json_int_t)user.uid),
	    "the settings are read anew, as %s said", by);
	client_wait(client);
	daemon_turn(daemon);
}

static void status_steer(struct daemon *daemon, struct client *client)
{
	json_t *status = status_make(daemon);
	client_answer(client, status);
	json_decref(status);
	client_end(client, PROTOCOL_EXIT_DONE, "");
}

/* False: it was answered. */
static bool may(
    const struct daemon *daemon, struct client *client, const struct protocol_request *request)
{
	if (request->spool && strcmp(request->spool, daemon->config->spool) != 0) {
		client_end(client, PROTOCOL_EXIT_NO_DAEMON, "this is the daemon of another spool");
		return false;
	}
	if (client_is_reader(client) && !protocol_is_reading(request->command)) {
		client_end(client, PROTOCOL_EXIT_NO,
		    "you may look, and not steer: that is for root, enrold's own "
		    "user and the socket's group");
		return false;
	}
	return true;
}

void steer_on_request(void *context, struct client *client, struct protocol_request *request)
{
	struct daemon *daemon = context;
	bool is_kept = false;
	if (may(daemon, client, request)) {
		switch (request->command) {
		case PROTOCOL_STATUS: status_steer(daemon, client); break;
		case PROTOCOL_RUNS:
		case PROTOCOL_SHOW:
		case PROTOCOL_EXPLAIN: is_kept = lookback_begin(daemon, client, request); break;
		case PROTOCOL_PAUSE:
		case PROTOCOL_RESUME:
		case PROTOCOL_PRUNE: feed_steer(daemon, client, request); break;
		case PROTOCOL_STOP:
		case PROTOCOL_RELEASE:
		case PROTOCOL_DISCARD:
		case PROTOCOL_UNDO: run_steer(daemon, client, request); break;
		case PROTOCOL_RELOAD: reload_steer(daemon, client, request); break;
		case PROTOCOL_COMMANDS: break;
		}
	}
	if (!is_kept)
		protocol_done(request);
}
