#include "ordering.h"

#include "enrold/log.h"
#include "enrold/plan_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct ordering {
	uv_work_t work;
	struct daemon *daemon;
	struct client *client;
	int socket;
	struct config_file *file; /* in force when it was said */
	struct client_user user;
	enum ordering_kind kind;
	bool is_taken_back;
	struct order order;
	struct error error;
};

/* Which order each command is about, and whether it takes that back. */
static const struct {
	enum order_kind kind, of_ended;
	bool is_taken_back;
} orderings[PROTOCOL_COMMANDS] = {
    [PROTOCOL_PAUSE] = {ORDER_PAUSE, ORDER_PAUSE, false},
    [PROTOCOL_RESUME] = {ORDER_PAUSE, ORDER_PAUSE, true},
    [PROTOCOL_STOP] = {ORDER_STOP, ORDER_STOP, false},
    [PROTOCOL_RELEASE] = {ORDER_STOP, ORDER_RELEASE, true},
    [PROTOCOL_DISCARD] = {ORDER_DISCARD, ORDER_DECLINE, false},
    [PROTOCOL_PRUNE] = {ORDER_PRUNE, ORDER_PRUNE, false},
    [PROTOCOL_UNDO] = {ORDER_UNDO, ORDER_UNDO, false},
};

/* ---- on a thread ---- */

static struct error ended_order(struct ordering *ordering)
{
	gid_t groups[CLIENT_GROUPS_MAX];
	const struct client_user *user = &ordering->user;
	const struct plan_speaker speaker = {.uid = user->uid,
	    .loginuid = user->has_login ? (int64_t)user->login : -1,
	    .groups = groups,
	    .groups_count = client_groups(ordering->socket, groups)};
	const struct plan_place place = {config_get(ordering->file), &ordering->daemon->spool};
	return plan_order_give(&place, &speaker, &ordering->order);
}

static void on_ordering(uv_work_t *work)
{
	struct ordering *ordering = work->data;
	struct order *order = &ordering->order;
	int directory = ordering->daemon->spool.orders;
	client_user_name(&ordering->user, order->by);
	if (ordering->kind == ORDERING_OF_ENDED)
		ordering->error = ended_order(ordering);
	else if (ordering->is_taken_back)
		ordering->error = order_withdraw(directory, order->kind, order->subject);
	else
		ordering->error = order_give(directory, order);
}

/* ---- on the loop ---- */

static json_t *about(const struct order *order)
{
	json_t *fields = json_pack("{s:s, s:o}", order_is_about_feed(order->kind) ? "feed" : "run",
	    order->subject, "by", log_text(order->by));
	if (*order->feed && !order_is_about_feed(order->kind))
		json_object_set_new(fields, "feed", json_string(order->feed));
	if (*order->why)
		json_object_set_new(fields, "why", log_text(order->why));
	return fields;
}

struct saying {
	const char *event;
	const char *what; /* before and */
	const char *so;   /* after its subject */
};

static const struct saying given[ORDER_KINDS] = {
    [ORDER_PAUSE] = {"feed_paused", "feed", "takes no more files"},
    [ORDER_STOP] = {"run_stopping", "run", "ends at its next checkpoint and waits"},
    [ORDER_DISCARD] = {"run_discarding", "run", "is left as it is"},
    [ORDER_RELEASE] = {"plan_released", "the plan of run", "is to be done as it was shown"},
    [ORDER_DECLINE] = {"plan_discarded", "the plan of run", "is not wanted"},
    [ORDER_PRUNE] = {"prune_ordered", "what feed", "keeps no longer goes"},
    [ORDER_UNDO] = {"undo_ordered", "what run", "did is to be taken back"},
};
static const struct saying taken_back[ORDER_KINDS] = {
    [ORDER_PAUSE] = {"feed_resumed", "feed", "takes files again"},
    [ORDER_STOP] = {"run_released", "run", "goes on"},
};

static void ordering_log(const struct ordering *ordering)
{
	const struct order *order = &ordering->order;
	const struct saying saying = (ordering->is_taken_back ? taken_back : given)[order->kind];
	log_event(LOG_INFO, saying.event, about(order), "%s %s %s, as %s said", saying.what,
	    order->subject, saying.so, order->by);
}

static void ordering_free(struct ordering *ordering)
{
	ordering->daemon->orderings--;
	config_free(ordering->file);
	free(ordering->order.courses);
	free(ordering);
}

static void on_ordered(uv_work_t *work, int status)
{
	struct ordering *ordering = work->data;
	struct daemon *daemon = ordering->daemon;
	struct client *client = ordering->client;
	const struct error error = ordering->error;
	(void)status; /* it is never cancelled */
	if (!is_error(&error))
		ordering_log(ordering);
	ordering_free(ordering);
	if (is_error(&error)) {
		client_end(client, protocol_exit(&error), error.text);
		daemon_turn(daemon);
		return;
	}
	daemon->orders_at = 0; /* of this turn, unless the loop is ending */
	daemon_turn(daemon);
	client_end(client, PROTOCOL_EXIT_DONE, "");
}

/* False: no memory. */
static bool courses_take(struct order *order, const json_t *courses)
{
	size_t count = json_array_size(courses);
	order->courses = count > 0 ? calloc(count, sizeof *order->courses) : NULL;
	for (size_t i = 0; order->courses && i < count; i++)
		snprintf(order->courses[i], sizeof order->courses[i], "%s",
		    json_string_value(json_array_get(courses, i)));
	order->courses_count = count;
	return count == 0 || order->courses;
}

static bool order_take(struct ordering *ordering, const struct protocol_request *request)
{
	struct order *order = &ordering->order;
	bool is_of_ended = ordering->kind == ORDERING_OF_ENDED;
	order->kind =
	    is_of_ended ? orderings[request->command].of_ended : orderings[request->command].kind;
	ordering->is_taken_back = !is_of_ended && orderings[request->command].is_taken_back;
	order->at_s = (int64_t)time(NULL);
	order->uid = ordering->user.uid;
	order->loginuid = ordering->user.has_login ? (int64_t)ordering->user.login : -1;
	snprintf(order->subject, sizeof order->subject, "%s",
	    request->run ? request->run : request->feed);
	if (order->kind == ORDER_PRUNE)
		snprintf(order->feed, sizeof order->feed, "%s", request->feed);
	order->before_s = request->before_s;
	snprintf(order->why, sizeof order->why, "%s", request->why ? request->why : "");
	return courses_take(order, request->courses);
}

static struct ordering *ordering_make(struct daemon *daemon, struct client *client,
    const struct protocol_request *request, enum ordering_kind kind)
{
	struct ordering *ordering =
	    daemon_may_begin_thread(daemon) ? calloc(1, sizeof *ordering) : NULL;
	if (!ordering)
		return NULL;
	*ordering = (struct ordering){.work.data = ordering,
	    .daemon = daemon,
	    .client = client,
	    .user = client_user(client, request),
	    .kind = kind};
	if (!order_take(ordering, request)) {
		free(ordering);
		return NULL;
	}
	ordering->file = config_hold(daemon->file);
	ordering->socket = client_lend(client);
	daemon->orderings++;
	return ordering;
}

void ordering_begin(struct daemon *daemon, struct client *client,
    const struct protocol_request *request, enum ordering_kind kind)
{
	struct ordering *ordering = ordering_make(daemon, client, request, kind);
	if (!ordering) {
		client_end(
		    client, PROTOCOL_EXIT_TRY_LATER, "the daemon is busy with itself: try again");
	} else if (uv_queue_work(&daemon->loop, &ordering->work, on_ordering, on_ordered) < 0) {
		ordering_free(ordering);
		client_end(client, PROTOCOL_EXIT_TRY_LATER, "no thread can be started");
	}
}
