#include "steer.h"

#include "daemon_state.h"
#include "lookback.h"
#include "status.h"

#include "enrold/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- orders ---- */

/* Written on a thread: a disk may take its time. */
struct ordering {
	uv_work_t work;
	struct daemon *daemon;
	struct client *client;
	const struct spool *spool;
	struct client_user user;
	bool is_of_refused; /* a run that has ended, if there is one */
	enum protocol_command command;
	struct order order;
	struct error error;
};

/* Which order each command is about, and whether it takes that back. */
static const struct {
	enum order_kind kind;
	bool is_taken_back;
} orderings[PROTOCOL_COMMANDS] = {
    [PROTOCOL_PAUSE] = {ORDER_PAUSE, false},
    [PROTOCOL_RESUME] = {ORDER_PAUSE, true},
    [PROTOCOL_STOP] = {ORDER_STOP, false},
    [PROTOCOL_RELEASE] = {ORDER_STOP, true},
    [PROTOCOL_DISCARD] = {ORDER_DISCARD, false},
};

static void on_ordering(uv_work_t *work)
{
	struct ordering *ordering = work->data;
	struct order *order = &ordering->order;
	int directory = ordering->spool->orders;
	client_user_name(&ordering->user, order->by);
	if (ordering->is_of_refused && !spool_has_quarantined(ordering->spool, order->subject))
		ordering->error = error_reject("not_found", 0,
		    "no run %s waits, and no file of it lies in quarantine/", order->subject);
	else if (orderings[ordering->command].is_taken_back)
		ordering->error = order_withdraw(directory, order->kind, order->subject);
	else
		ordering->error = order_give(directory, order);
}

static json_t *ordering_about(const struct order *order)
{
	json_t *fields = json_pack("{s:s, s:o}", order->kind == ORDER_PAUSE ? "feed" : "run",
	    order->subject, "by", log_text(order->by));
	if (*order->why)
		json_object_set_new(fields, "why", log_text(order->why));
	return fields;
}

static void ordering_log(const struct ordering *ordering)
{
	const struct order *order = &ordering->order;
	const char *subject = order->subject, *by = order->by;
	json_t *about = ordering_about(order);
	if (ordering->command == PROTOCOL_PAUSE)
		log_event(LOG_INFO, "feed_paused", about, "feed %s takes no more files, as %s said",
		    subject, by);
	else if (ordering->command == PROTOCOL_RESUME)
		log_event(LOG_INFO, "feed_resumed", about, "feed %s takes files again, as %s said",
		    subject, by);
	else if (ordering->command == PROTOCOL_STOP)
		log_event(LOG_INFO, "run_stopping", about,
		    "run %s ends at its next checkpoint and waits, as %s said", subject, by);
	else if (ordering->command == PROTOCOL_RELEASE)
		log_event(
		    LOG_INFO, "run_released", about, "run %s goes on, as %s said", subject, by);
	else
		log_event(LOG_INFO, "run_discarding", about, "run %s is left as it is, as %s said",
		    subject, by);
}

static void on_ordered(uv_work_t *work, int status)
{
	struct ordering *ordering = work->data;
	struct daemon *daemon = ordering->daemon;
	(void)status; /* it is never cancelled */
	daemon->orderings--;
	if (is_error(&ordering->error)) {
		client_end(ordering->client, protocol_exit(&ordering->error), ordering->error.text);
		free(ordering);
		daemon_turn(daemon);
		return;
	}
	ordering_log(ordering);
	daemon->orders_at = 0; /* of this turn, unless the loop is ending */
	daemon_turn(daemon);
	client_end(ordering->client, PROTOCOL_EXIT_DONE, "");
	free(ordering);
}

static void order_begin(struct daemon *daemon, struct client *client,
    const struct protocol_request *request, const char *subject, bool is_of_refused)
{
	struct ordering *ordering =
	    daemon_may_begin_thread(daemon) ? calloc(1, sizeof *ordering) : NULL;
	if (!ordering) {
		client_end(
		    client, PROTOCOL_EXIT_TRY_LATER, "the daemon is busy with itself: try again");
		return;
	}
	*ordering = (struct ordering){.work.data = ordering,
	    .daemon = daemon,
	    .client = client,
	    .spool = &daemon->spool,
	    .is_of_refused = is_of_refused,
	    .command = request->command};
	struct order *order = &ordering->order;
	order->kind = orderings[request->command].kind;
	order->at_s = (int64_t)time(NULL);
	snprintf(order->subject, sizeof order->subject, "%s", subject);
	snprintf(order->why, sizeof order->why, "%s", request->why ? request->why : "");
	ordering->user = client_user(client);
	client_lend(client);
	daemon->orderings++;
	if (uv_queue_work(&daemon->loop, &ordering->work, on_ordering, on_ordered) < 0) {
		daemon->orderings--;
		client_end(client, PROTOCOL_EXIT_TRY_LATER, "no thread can be started");
		free(ordering);
	}
}

/* ---- which may be given ---- */

static void feed_steer(
    struct daemon *daemon, struct client *client, const struct protocol_request *request)
{
	char text[160];
	if (config_find_feed(daemon->config, request->feed)) {
		order_begin(daemon, client, request, request->feed, false);
		return;
	}
	snprintf(text, sizeof text, "no feed %s is configured", request->feed);
	client_end(client, PROTOCOL_EXIT_NO, text);
}

/* It is under way, or waits in work/, at whichever daemon. */
static void run_steer(
    struct daemon *daemon, struct client *client, const struct protocol_request *request)
{
	const char *run = request->run;
	bool is_stopped = orders_find(feeds_orders(daemon->feeds), ORDER_STOP, run);
	bool is_begun = feeds_has_run(daemon->feeds, run) || workers_find_run(daemon->workers, run);
	char text[200];
	struct error error = is_begun ? OK : orders_find_run(daemon->spool.root, run, &is_begun);
	if (is_error(&error)) {
		client_end(client, PROTOCOL_EXIT_TRY_LATER, error.text);
		return;
	}
	if (request->command == PROTOCOL_STOP && !is_begun)
		snprintf(text, sizeof text, "no run %s is under way", run);
	else if (request->command == PROTOCOL_RELEASE && !is_stopped)
		snprintf(text, sizeof text, "no run %s waits for a person", run);
	else if (request->command == PROTOCOL_DISCARD && is_begun && !is_stopped)
		snprintf(text, sizeof text, "run %s is under way: enrolctl stop %s comes first",
		    run, run);
	else {
		order_begin(daemon, client, request, run,
		    request->command == PROTOCOL_DISCARD && !is_begun);
		return;
	}
	client_end(client, PROTOCOL_EXIT_NO, text);
}

/* ---- the rest ---- */

static void reload_steer(struct daemon *daemon, struct client *client)
{
	const struct client_user user = client_user(client);
	struct error error = daemon_reload(daemon);
	if (is_error(&error)) {
		client_end(client, protocol_exit(&error), error.text);
		return;
	}
	log_event(LOG_INFO, "reload_asked", json_pack("{s:I}", "uid", (json_int_t)user.uid),
	    "the settings are read anew, as uid %u said", (unsigned)user.uid);
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
		case PROTOCOL_RESUME: feed_steer(daemon, client, request); break;
		case PROTOCOL_STOP:
		case PROTOCOL_RELEASE:
		case PROTOCOL_DISCARD: run_steer(daemon, client, request); break;
		case PROTOCOL_RELOAD: reload_steer(daemon, client); break;
		case PROTOCOL_COMMANDS: break;
		}
	}
	if (!is_kept)
		protocol_done(request);
}
