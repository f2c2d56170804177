#include "enrold/status_part.h"

#include "enrold/buffer.h"
#include "enrold/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SOON_S = 300 };

json_t *status_time(int64_t epoch_s)
{
	char text[40];
	struct tm tm;
	time_t at = (time_t)epoch_s;
	gmtime_r(&at, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

void status_need(
    json_t *needs, const char *feed, const char *level, const char *what, const char *to_do)
{
	json_array_append_new(needs, json_pack("{s:s?, s:s, s:o, s:o}", "feed", feed, "level",
	                                 level, "what", log_text(what), "do", log_text(to_do)));
}

const char *status_level(int64_t lasted_s)
{
	return lasted_s < SOON_S ? "warning" : "critical";
}

json_t *status_file(const char *name, int64_t since_s)
{
	return *name
	           ? json_pack("{s:o, s:o}", "file", log_text(name), "since", status_time(since_s))
	           : json_null();
}

json_t *status_order(const struct order *order)
{
	return order ? json_pack("{s:o, s:o, s:o}", "by", log_text(order->by), "why",
	                   log_text(order->why), "since", status_time(order->at_s))
	             : json_null();
}

json_t *status_stopped(
    const char *feed, const char *run, const char *file, const struct order *order, json_t *needs)
{
	char what[80], to_do[160];
	json_t *stopped = order ? status_order(order) : json_object();
	json_object_set_new(stopped, "run", json_string(run));
	json_object_set_new(stopped, "file", log_text(file));
	snprintf(what, sizeof what, "run %s was stopped, and waits", run);
	snprintf(to_do, sizeof to_do,
	    "enrolctl release %s goes on with it, enrolctl discard %s leaves it as it is", run,
	    run);
	status_need(needs, feed, "warning", what, to_do);
	return stopped;
}

/* ---- plans that wait ---- */

enum { PLANS_TOLD = 100, PLANS_NEEDED = 3 };

size_t status_plans_count(
    const char *feed, const struct held_plans *plans, const struct held_plan **first)
{
	size_t count = 0;
	*first = NULL;
	for (size_t i = 0; i < plans->count; i++) {
		const struct held_plan *plan = &plans->items[i];
		if (strcmp(plan->feed, feed) != 0)
			continue;
		count++;
		*first = !*first || plan->since_s < (*first)->since_s ? plan : *first;
	}
	return count;
}

/* What somebody has said already, and no run has done yet; NULL: nothing. */
static const struct order *plan_order(const struct orders *orders, const struct held_plan *plan)
{
	const struct order *order = orders_find(orders, ORDER_RELEASE, plan->run);
	return order ? order : orders_find(orders, ORDER_DECLINE, plan->run);
}

static void plan_need(const struct held_plan *plan, json_t *needs)
{
	char what[sizeof plan->file + sizeof plan->reason + 80], to_do[200];
	snprintf(what, sizeof what, "%s %s: %s", plan->file,
	    plan->is_whole ? "is held as a whole" : "was not done in all that it says",
	    *plan->reason ? plan->reason : plan->code);
	snprintf(to_do, sizeof to_do,
	    "enrolctl show %s tells what would be done; then enrolctl release %s or discard %s, "
	    "each with --why",
	    plan->run, plan->run, plan->run);
	status_need(needs, plan->feed, "warning", what, to_do);
}

static void more_need(const char *feed, size_t more, json_t *needs)
{
	char what[80];
	snprintf(what, sizeof what, "%zu more plan%s for a person", more,
	    more == 1 ? " waits" : "s wait");
	status_need(needs, feed, "warning", what, "enrolctl status --json lists them");
}

static json_t *plan_make(const struct held_plan *plan, const struct order *order)
{
	json_t *made = json_pack("{s:s, s:o, s:b, s:o, s:o, s:I, s:I, s:o}", "run", plan->run,
	    "file", log_text(plan->file), "whole", plan->is_whole, "code", log_text(plan->code),
	    "reason", log_text(plan->reason), "rows", (json_int_t)plan->rows, "people",
	    (json_int_t)plan->people, "since", status_time(plan->since_s));
	json_object_set_new(
	    made, "ordered", order ? json_string(order_kind_name(order->kind)) : json_null());
	return made;
}

json_t *status_plans(
    const char *feed, const struct held_plans *plans, const struct orders *orders, json_t *needs)
{
	json_t *list = json_array();
	size_t needed = 0;
	for (size_t i = 0; i < plans->count; i++) {
		const struct held_plan *plan = &plans->items[i];
		if (strcmp(plan->feed, feed) != 0)
			continue;
		const struct order *order = plan_order(orders, plan);
		if (json_array_size(list) < PLANS_TOLD)
			json_array_append_new(list, plan_make(plan, order));
		if (!order && needed++ < PLANS_NEEDED)
			plan_need(plan, needs);
	}
	if (needed > PLANS_NEEDED)
		more_need(feed, needed - PLANS_NEEDED, needs);
	return list;
}

/* ---- what people are told ---- */

json_t *status_notices(size_t count, int64_t oldest_s, int64_t now_s, json_t *needs)
{
	const int64_t hour_s = 3600;
	char what[120], hours[40] = "an hour";
	int64_t lasted_s = oldest_s > 0 ? now_s - oldest_s : 0;
	if (lasted_s >= 2 * hour_s)
		snprintf(hours, sizeof hours, "%lld hours", (long long)(lasted_s / hour_s));
	snprintf(what, sizeof what, "%zu notice%s that nobody has been told, for %s", count,
	    count == 1 ? " waits" : "s wait", hours);
	if (lasted_s >= hour_s)
		status_need(needs, NULL, "warning", what,
		    "is enrold-notify running? journalctl -u enrold-notify");
	return json_pack("{s:I, s:o}", "waiting", (json_int_t)count, "since",
	    oldest_s > 0 ? status_time(oldest_s) : json_null());
}

/* ---- absence ---- */

static json_t *run_of(const char *run, const char *file)
{
	return *run ? json_pack("{s:s, s:o}", "run", run, "file", log_text(file)) : json_null();
}

static bool has_plan(const struct held_plans *plans, const char *run)
{
	for (size_t i = 0; i < plans->count; i++)
		if (strcmp(plans->items[i].run, run) == 0)
			return true;
	return false;
}

static json_t *withheld_make(
    const struct absence_standing *standing, const struct held_plans *plans, json_t *needs)
{
	char what[FILE_NAME_SIZE + ABSENCES_WHY_SIZE + 80], to_do[160];
	if (standing->withheld == 0)
		return json_null();
	snprintf(what, sizeof what, "%llu removal%s of %s %s withheld%s%s",
	    (unsigned long long)standing->withheld, standing->withheld == 1 ? "" : "s",
	    standing->withheld_file, standing->withheld == 1 ? "was" : "were",
	    *standing->why ? ": " : "", standing->why);
	snprintf(to_do, sizeof to_do,
	    "enrolctl show %s says whose and what to do; it is over with the next full file that "
	    "withholds none",
	    standing->withheld_run);
	if (!has_plan(plans, standing->withheld_run))
		status_need(needs, standing->feed, "warning", what, to_do);
	json_t *withheld = run_of(standing->withheld_run, standing->withheld_file);
	json_object_set_new(withheld, "removals", json_integer((json_int_t)standing->withheld));
	json_object_set_new(withheld, "why", log_text(standing->why));
	return withheld;
}

/* "nobody could leave these courses for three full files and more: SAFETY (line 52), FIRE (line 7)
 * and 3 more" */
static void blocked_need(const struct absence_standing *standing, json_t *needs)
{
	struct buffer what = {0};
	size_t count = standing->blocked_count;
	size_t named = count < ABSENCES_BLOCKED_MAX ? count : ABSENCES_BLOCKED_MAX;
	buffer_print(&what, "nobody could leave %s for %d full files or more: in %s ",
	    count == 1 ? "a course" : "courses", ABSENCES_BLOCKED_FILES, standing->file);
	for (size_t i = 0; i < named; i++)
		buffer_print(&what, "%sline %llu names somebody unknown in %s",
		    i == 0           ? ""
		    : i + 1 == count ? " and "
		                     : ", ",
		    (unsigned long long)standing->blocked[i].line, standing->blocked[i].course);
	if (count > named)
		buffer_print(&what, ", and so in %zu more", count - named);
	buffer_add_char(&what, '\0');
	status_need(needs, standing->feed, "warning",
	    what.failed ? "nobody could leave some courses" : what.bytes,
	    "correct these lines where they come from, make the accounts, or let so many pass by "
	    "absence.errors");
	buffer_done(&what);
}

static json_t *blocked_make(const struct absence_standing *standing, json_t *needs)
{
	json_t *list = json_array();
	for (size_t i = 0; i < standing->blocked_count && i < ABSENCES_BLOCKED_MAX; i++) {
		const struct blocked_standing *blocked = &standing->blocked[i];
		json_array_append_new(
		    list, json_pack("{s:o, s:I, s:I}", "course", log_text(blocked->course), "files",
		              (json_int_t)blocked->files, "line", (json_int_t)blocked->line));
	}
	if (standing->blocked_count > 0)
		blocked_need(standing, needs);
	return list;
}

/* A day of the site. */
static json_t *due_make(const struct absence_standing *standing)
{
	char day[16] = "";
	time_t due = (time_t)standing->due_s;
	struct tm tm;
	if (due == 0 || !localtime_r(&due, &tm))
		return json_null();
	strftime(day, sizeof day, "%Y-%m-%d", &tm);
	return json_pack(
	    "{s:s, s:I}", "first", day, "people_soon", (json_int_t)standing->due_people);
}

json_t *status_absence(
    const struct absence_standing *standing, const struct held_plans *plans, json_t *needs)
{
	if (!standing)
		return json_null();
	json_t *absence = json_object();
	json_object_set_new(absence, "last_full", run_of(standing->run, standing->file));
	json_object_set_new(absence, "withheld", withheld_make(standing, plans, needs));
	json_object_set_new(absence, "blocked", blocked_make(standing, needs));
	json_object_set_new(
	    absence, "blocked_courses", json_integer((json_int_t)standing->blocked_count));
	json_object_set_new(absence, "due", due_make(standing));
	return absence;
}
