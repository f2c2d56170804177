#include "order.h"
#include "ask.h"
#include "owner.h"

#include "enrold/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool is_of_feed(const struct order_command *command)
{
	return command->kind == ORDER_PAUSE;
}

/* ---- without a daemon ---- */

static struct error usage_error(const char *what, const char *about)
{
	return error_reject("not_found", 0, "%s %s", what, about);
}

static struct error subject_check(const struct ctl *ctl, const struct order_command *command,
    int root, int directory, const char *about)
{
	int64_t epoch_us;
	if (is_of_feed(command))
		return config_find_feed(ctl->config, about)
		           ? OK
		           : usage_error("there is no feed", about);
	if (!run_id_parse(about, &epoch_us))
		return usage_error("that is no run:", about);
	const struct spool spool = {
	    .quarantine = openat(root, "quarantine", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	bool is_refused = spool.quarantine >= 0 && spool_has_quarantined(&spool, about);
	if (spool.quarantine >= 0)
		close(spool.quarantine);
	bool is_stopped, is_in_work;
	struct error error = order_stands(directory, ORDER_STOP, about, &is_stopped);
	if (!is_error(&error))
		error = orders_find_run(root, about, &is_in_work);
	if (is_error(&error))
		return error;
	if (command->kind == ORDER_DISCARD && !is_stopped && !is_refused)
		return usage_error(
		    "no such run waits, and no file of it lies in quarantine/:", about);
	if (command->kind == ORDER_STOP && command->is_taken_back && !is_stopped)
		return usage_error("no such run waits for a person:", about);
	if (command->kind == ORDER_STOP && !command->is_taken_back && !is_in_work)
		return usage_error("no such run has begun and not ended:", about);
	return OK;
}

static struct error spool_order(
    const struct ctl *ctl, const struct order_command *command, const char *about)
{
	int directory = -1;
	struct order order = {.kind = command->kind, .at_s = (int64_t)time(NULL)};
	snprintf(order.subject, sizeof order.subject, "%s", about);
	snprintf(order.why, sizeof order.why, "%s",
	    ctl->options[OPTION_WHY] ? ctl->options[OPTION_WHY] : "");
	owner_name(order.by);
	struct error error = owner_become(ctl->config->spool);
	if (is_error(&error))
		return error;
	int root = open(ctl->config->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno("cannot open the spool %s", ctl->config->spool);
	error = orders_open(root, &directory);
	if (!is_error(&error))
		error = subject_check(ctl, command, root, directory, about);
	if (!is_error(&error))
		error = command->is_taken_back ? order_withdraw(directory, command->kind, about)
		                               : order_give(directory, &order);
	if (directory >= 0)
		close(directory);
	close(root);
	return error;
}

/* ---- either way ---- */

static json_t *request_make(
    const struct ctl *ctl, const struct order_command *command, const char *about)
{
	json_t *request = json_pack(
	    "{s:s, s:s}", "command", command->command, is_of_feed(command) ? "feed" : "run", about);
	const char *why = ctl->options[OPTION_WHY];
	if (why)
		json_object_set_new(request, "why", json_string(why));
	return request;
}

enum ctl_exit order_do(const struct ctl *ctl, const struct order_command *command)
{
	const char *about = ctl->arguments[0];
	const char *why = ctl->options[OPTION_WHY];
	bool has_daemon = true;
	if (why && strlen(why) > PROTOCOL_WHY_MAX) {
		fprintf(stderr, "enrolctl: --why takes at most %d bytes\n", PROTOCOL_WHY_MAX);
		return CTL_USAGE;
	}
	json_t *answer;
	enum ctl_exit status = ask(ctl, request_make(ctl, command, about), &answer);
	json_decref(answer);
	if (status == CTL_NO_DAEMON) {
		has_daemon = false;
		struct error error = spool_order(ctl, command, about);
		status = is_error(&error) ? ctl_fail(&error) : CTL_OK;
	}
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		printf("{\"done\":\"%s\",\"%s\":\"%s\",\"daemon\":%s}\n", command->command,
		    is_of_feed(command) ? "feed" : "run", about, has_daemon ? "true" : "false");
	else
		printf("%s %s.%s\n", command->done, about,
		    has_daemon ? "" : " No daemon runs here: the next one heeds it.");
	return CTL_OK;
}
