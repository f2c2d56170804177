#include "order.h"
#include "ask.h"
#include "owner.h"

#include "enrold/plan_order.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static bool is_of_feed(const struct order_command *command)
{
	return command->kind == ORDER_PAUSE;
}

/* ---- without a daemon ---- */

static struct error not_found(const char *what, const char *about)
{
	return error_reject("not_found", 0, "%s %s", what, about);
}

/* What an order is written into: the spool as far as that needs it. */
static void spool_shut(struct spool *spool)
{
	int *const all[] = {&spool->root, &spool->orders, &spool->quarantine};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (*all[i] >= 0)
			close(*all[i]);
}

static struct error spool_find(const char *path, struct spool *spool)
{
	*spool = SPOOL_CLOSED;
	spool->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->root < 0)
		return error_errno("cannot open the spool %s", path);
	spool->quarantine = openat(spool->root, "quarantine", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return orders_open(spool->root, &spool->orders);
}

static struct error plain_give(
    const struct spool *spool, const struct order_command *command, const struct order *order)
{
	return command->is_taken_back ? order_withdraw(spool->orders, order->kind, order->subject)
	                              : order_give(spool->orders, order);
}

static struct error work_give(
    const struct spool *spool, const struct order_command *command, const struct order *order)
{
	bool is_stopped;
	struct error error = order_stands(spool->orders, ORDER_STOP, order->subject, &is_stopped);
	if (is_error(&error))
		return error;
	if (command->kind == ORDER_UNDO)
		return not_found(
		    "this run has not ended, and can only be discarded:", order->subject);
	if (!is_stopped && (command->kind == ORDER_DISCARD || command->is_taken_back))
		return not_found(
		    "this run waits for nobody: enrolctl stop comes first:", order->subject);
	if (order->courses_count > 0)
		return not_found(
		    "a stopped run goes on with all courses or with none:", order->subject);
	return plain_give(spool, command, order);
}

static struct error ended_give(const struct ctl *ctl, const struct spool *spool,
    const struct order_command *command, struct order *order)
{
	gid_t groups[OWNER_GROUPS_MAX];
	const struct plan_speaker speaker = {.uid = order->uid,
	    .loginuid = order->loginuid,
	    .groups = groups,
	    .groups_count = owner_groups(groups)};
	const struct plan_place place = {ctl->config, spool};
	order->kind = command->of_ended;
	return plan_order_give(&place, &speaker, order);
}

static struct error run_give(const struct ctl *ctl, const struct spool *spool,
    const struct order_command *command, struct order *order)
{
	int64_t epoch_us;
	bool is_in_work;
	if (!run_id_parse(order->subject, &epoch_us))
		return not_found("that is no run:", order->subject);
	struct error error = orders_find_run(spool->root, order->subject, &is_in_work);
	if (is_error(&error))
		return error;
	if (is_in_work)
		return work_give(spool, command, order);
	return order_is_for_run(command->of_ended)
	           ? ended_give(ctl, spool, command, order)
	           : not_found("no such run has begun and not ended:", order->subject);
}

static struct error spool_order(
    const struct ctl *ctl, const struct order_command *command, struct order *order)
{
	struct spool spool = SPOOL_CLOSED;
	if (is_of_feed(command) && !config_find_feed(ctl->config, order->subject))
		return not_found("there is no feed", order->subject);
	struct error error = owner_become(ctl->config->spool);
	if (!is_error(&error))
		error = spool_find(ctl->config->spool, &spool);
	if (!is_error(&error))
		error = is_of_feed(command) ? plain_give(&spool, command, order)
		                            : run_give(ctl, &spool, command, order);
	spool_shut(&spool);
	return error;
}

static struct error alone(
    const struct ctl *ctl, const struct order_command *command, const char *about)
{
	char courses[ORDER_COURSES_MAX][ORDER_COURSE_SIZE];
	struct order order = {.kind = command->kind,
	    .at_s = (int64_t)time(NULL),
	    .uid = getuid(),
	    .loginuid = owner_login(),
	    .courses = courses,
	    .courses_count = ctl->courses_count};
	const char *why = ctl->options[OPTION_WHY];
	snprintf(order.subject, sizeof order.subject, "%s", about);
	snprintf(order.why, sizeof order.why, "%s", why ? why : "");
	owner_name(order.by);
	for (size_t i = 0; i < ctl->courses_count; i++)
		snprintf(courses[i], sizeof courses[i], "%s", ctl->courses[i]);
	return spool_order(ctl, command, &order);
}

/* ---- either way ---- */

static json_t *courses_json(const struct ctl *ctl)
{
	json_t *list = json_array();
	for (size_t i = 0; i < ctl->courses_count; i++)
		json_array_append_new(list, json_string(ctl->courses[i]));
	return list;
}

static json_t *request_make(
    const struct ctl *ctl, const struct order_command *command, const char *about)
{
	json_t *request = json_pack(
	    "{s:s, s:s}", "command", command->command, is_of_feed(command) ? "feed" : "run", about);
	const char *why = ctl->options[OPTION_WHY];
	if (why)
		json_object_set_new(request, "why", json_string(why));
	if (ctl->courses_count > 0)
		json_object_set_new(request, "courses", courses_json(ctl));
	return request;
}

static enum ctl_exit words_check(const struct ctl *ctl)
{
	const char *why = ctl->options[OPTION_WHY];
	if (why && strlen(why) > PROTOCOL_WHY_MAX) {
		fprintf(stderr, "enrolctl: --why takes at most %d bytes\n", PROTOCOL_WHY_MAX);
		return CTL_USAGE;
	}
	for (size_t i = 0; i < ctl->courses_count; i++) {
		size_t size = strlen(ctl->courses[i]);
		if (size > 0 && size < ORDER_COURSE_SIZE)
			continue;
		fputs("enrolctl: --course takes the short name of a course\n", stderr);
		return CTL_USAGE;
	}
	return CTL_OK;
}

/* Who said what, where the daemon's log cannot tell. */
static void ordered_log(const struct order_command *command, const char *about)
{
	char by[OWNER_NAME_SIZE];
	owner_name(by);
	openlog("enrolctl", LOG_PID, LOG_DAEMON);
	syslog(LOG_INFO, "%s ordered: %s %s", by, command->command, about);
	closelog();
}

static void done_tell(
    const struct ctl *ctl, const struct order_command *command, const char *about, bool has_daemon)
{
	if (ctl->json)
		printf("{\"done\":\"%s\",\"%s\":\"%s\",\"daemon\":%s}\n", command->command,
		    is_of_feed(command) ? "feed" : "run", about, has_daemon ? "true" : "false");
	else
		printf("%s %s.%s\n", command->done, about,
		    has_daemon ? "" : " No daemon runs here: the next one heeds it.");
}

enum ctl_exit order_do_about(
    const struct ctl *ctl, const struct order_command *command, const char *about)
{
	enum ctl_exit status = words_check(ctl);
	bool has_daemon = true;
	json_t *answer;
	if (status != CTL_OK)
		return status;
	status = ask(ctl, request_make(ctl, command, about), &answer);
	json_decref(answer);
	if (status == CTL_NO_DAEMON) {
		has_daemon = false;
		struct error error = alone(ctl, command, about);
		if (!is_error(&error))
			ordered_log(command, about);
		status = is_error(&error) ? ctl_fail(&error) : CTL_OK;
	}
	if (status == CTL_OK)
		done_tell(ctl, command, about, has_daemon);
	return status;
}

enum ctl_exit order_do(const struct ctl *ctl, const struct order_command *command)
{
	return order_do_about(ctl, command, ctl->arguments[0]);
}
