#include "enrold/plan_order.h"

#include "enrold/held.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Linux shows whom a user namespace does not know as nobody. */
enum { UID_NOBODY = 65534, ENTRY_SIZE = 64 << 10 };

/* ---- who may ---- */

static struct error group_find(const char *name, gid_t *group, bool *is_there)
{
	char memory[ENTRY_SIZE];
	struct group entry, *found = NULL;
	int reason = getgrnam_r(name, &entry, memory, sizeof memory, &found);
	*is_there = reason == 0 && found;
	*group = *is_there ? found->gr_gid : 0;
	return reason == 0 ? OK : error_retry("cannot look up the group %s", name);
}

static bool is_member(const struct plan_speaker *speaker, gid_t group)
{
	for (size_t i = 0; i < speaker->groups_count; i++)
		if (speaker->groups[i] == group)
			return true;
	return false;
}

static struct error member_check(
    const struct plan_speaker *speaker, const struct held_plan *plan, const char *approvers)
{
	gid_t group;
	bool is_there;
	struct error error = group_find(approvers, &group, &is_there);
	if (is_error(&error) || speaker->uid == 0 || (is_there && is_member(speaker, group)))
		return error;
	return speaker->uid == UID_NOBODY
	           ? error_reject("not_allowed", 0,
	                 "what feed %s withholds is released by members of the group %s, "
	                 "and the daemon cannot see who you are: its unit must not have "
	                 "PrivateUsers",
	                 plan->feed, approvers)
	           : error_reject("not_allowed", 0,
	                 "what feed %s withholds is released by members of the group %s, "
	                 "and you are none",
	                 plan->feed, approvers);
}

/* Two people, whoever they became meanwhile. */
static bool is_owner(const struct plan_speaker *speaker, const struct held_plan *plan)
{
	return plan->owner_uid >= 0 &&
	       (plan->owner_uid == speaker->uid || plan->owner_uid == speaker->loginuid);
}

static struct error approver_check(
    const struct plan_speaker *speaker, const struct held_plan *plan, const struct policy *policy)
{
	if (!policy->approvers)
		return OK;
	struct error error = member_check(speaker, plan, policy->approvers);
	if (!is_error(&error) && is_owner(speaker, plan))
		error = error_reject("not_allowed", 0,
		    "you dropped this file of feed %s yourself: somebody else of "
		    "the group %s has to release it",
		    plan->feed, policy->approvers);
	return error;
}

/* ---- which order ---- */

static struct error no_plan(const struct order *order)
{
	const char *run = order->subject;
	return order->kind == ORDER_RELEASE
	           ? error_reject("not_found", 0,
	                 "no run %s waits for a person, and no plan of it: there was none, or it "
	                 "is "
	                 "closed or superseded: enrolctl show %s",
	                 run, run)
	           : error_reject("not_found", 0,
	                 "no run %s waits, no plan of it does, and no file of it lies in "
	                 "quarantine/: enrolctl show %s",
	                 run, run);
}

static struct error plan_take(const struct plan_place *place, const struct plan_speaker *speaker,
    const struct held_plan *plan, struct order *order)
{
	const struct feed *feed = config_find_feed(place->config, plan->feed);
	if (order->why[strspn(order->why, " \t\r\n")] == '\0')
		return error_reject("bad_request", 0,
		    "what a run withheld is %s with a reason that is kept with it: --why TEXT",
		    order->kind == ORDER_RELEASE ? "released" : "discarded");
	if (!feed)
		return error_reject("not_found", 0,
		    "the plan is of feed %s, which is configured no more", plan->feed);
	snprintf(order->feed, sizeof order->feed, "%s", plan->feed);
	snprintf(order->plan, sizeof order->plan, "%s", plan->sha256);
	return order->kind == ORDER_RELEASE ? approver_check(speaker, plan, &feed->policy) : OK;
}

static struct error undo_take(const struct plan_place *place, struct order *order)
{
	struct error error = plan_order_find_run(place->spool->root, order->subject, order->feed);
	if (!is_error(&error) && !config_find_feed(place->config, order->feed))
		error = error_reject("not_found", 0,
		    "run %s was of feed %s, which is configured no more", order->subject,
		    order->feed);
	return error;
}

static struct error order_fill(
    const struct plan_place *place, const struct plan_speaker *speaker, struct order *order)
{
	struct held_plan plan;
	order->uid = speaker->uid;
	order->loginuid = speaker->loginuid;
	if (order->kind == ORDER_UNDO)
		return undo_take(place, order);
	struct error error = held_find(place->spool->root, order->subject, &plan);
	if (is_error(&error) || *plan.run)
		return is_error(&error) ? error : plan_take(place, speaker, &plan, order);
	if (order->kind == ORDER_RELEASE || !spool_has_quarantined(place->spool, order->subject))
		return no_plan(order);
	order->kind = ORDER_DISCARD;
	return OK;
}

/* ---- one word at a time ---- */

static const char *const words[ORDER_KINDS] = {
    [ORDER_RELEASE] = "is released", [ORDER_DECLINE] = "is discarded", [ORDER_UNDO] = "is undone"};

static struct error given_already(int directory, enum order_kind kind, const char *run)
{
	struct order order;
	char when[40] = "";
	struct tm tm;
	order_read(directory, kind, run, &order);
	time_t at = (time_t)order.at_s;
	if (gmtime_r(&at, &tm))
		strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm);
	return error_reject("ordered_already", 0, "run %s %s already, as %s said at %s%s%s", run,
	    words[kind], *order.by ? order.by : "somebody", when, *order.why ? ": " : "",
	    order.why);
}

static enum order_kind opposite(enum order_kind kind)
{
	return kind == ORDER_RELEASE ? ORDER_DECLINE : ORDER_RELEASE;
}

static struct error under_way(int root, enum order_kind kind, const char *run)
{
	bool is_under_way;
	struct error error = orders_find_under_way(root, kind, run, &is_under_way);
	return is_error(&error) || !is_under_way
	           ? error
	           : error_reject("ordered_already", 0,
	                 "run %s %s just now, as somebody said: enrolctl show last", run,
	                 words[kind]);
}

/* Neither the same nor the opposite is said already. */
static struct error others_check(
    const struct spool *spool, const struct order *order, enum order_kind kind)
{
	bool stands;
	struct error error = order_stands(spool->orders, kind, order->subject, &stands);
	if (!is_error(&error) && stands)
		return given_already(spool->orders, kind, order->subject);
	return is_error(&error) ? error : under_way(spool->root, kind, order->subject);
}

/* Who says it at the same moment is told so; of two opposites then none stands, and the next word
 * does. What was heeded in between the ledger decides. */
static struct error alone_give(const struct spool *spool, const struct order *order)
{
	int directory = spool->orders;
	bool has_opposite = order->kind != ORDER_UNDO, is_given = false;
	struct error error = others_check(spool, order, order->kind);
	if (!is_error(&error) && has_opposite)
		error = others_check(spool, order, opposite(order->kind));
	if (!is_error(&error))
		error = order_give_first(directory, order, &is_given);
	if (is_error(&error))
		return error;
	if (!is_given)
		return given_already(directory, order->kind, order->subject);
	if (has_opposite)
		error = others_check(spool, order, opposite(order->kind));
	if (error.class == ERROR_REJECT) {
		struct error ignored = order_withdraw(directory, order->kind, order->subject);
		(void)
		    ignored; /* then both stand, and the first to be carried out closes the plan */
	}
	return error;
}

struct error plan_order_give(
    const struct plan_place *place, const struct plan_speaker *speaker, struct order *order)
{
	struct error error = order_fill(place, speaker, order);
	if (is_error(&error))
		return error;
	return order_is_for_run(order->kind) ? alone_give(place->spool, order)
	                                     : order_give(place->spool->orders, order);
}
