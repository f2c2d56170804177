/*
 * enrolctl reconcile: which answers the database does not hold, after it was restored from a backup
 * or has lost what it had committed; and `reconcile accept`, to go on with it all the same. What
 * was accepted is recorded, and listed no more.
 */
#include "by_hand.h"
#include "ctl.h"
#include "owner.h"

#include "enrold/accepted.h"
#include "enrold/last_run.h"
#include "enrold/names.h"
#include "enrold/orders.h"
#include "enrold/value.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct reconcile {
	char by[OWNER_NAME_SIZE];
	struct spool spool;
	struct lms *lms;
	struct arena *arena;
	struct lost *lost;
	size_t count, accepted; /* is_harmless among them: */
	size_t harmless;
	struct error head; /* what the daemon would say of this database */
};

static struct error look(const struct ctl *ctl, struct reconcile *reconcile)
{
	owner_name(reconcile->by);
	struct error error = owner_become(ctl->config->spool);
	reconcile->arena = arena_create();
	if (!is_error(&error) && !reconcile->arena)
		error = error_memory("looking for answers");
	if (!is_error(&error))
		error = spool_open(ctl->config, &reconcile->spool);
	if (!is_error(&error))
		error = lms_open(&ctl->config->lms, &reconcile->lms);
	if (!is_error(&error))
		error = lost_find(&reconcile->spool, reconcile->lms, reconcile->arena,
		    &reconcile->lost, &reconcile->count);
	if (!is_error(&error))
		error = accepted_remove(
		    &reconcile->spool, reconcile->lost, &reconcile->count, &reconcile->accepted);
	if (is_error(&error))
		return error;
	for (size_t i = 0; i < reconcile->count; i++)
		reconcile->harmless += reconcile->lost[i].is_harmless;
	reconcile->head = last_run_check(&reconcile->spool, reconcile->lms);
	return reconcile->head.class == ERROR_CONFIG ? OK : reconcile->head;
}

static void done(struct reconcile *reconcile)
{
	lms_close(reconcile->lms);
	spool_close(&reconcile->spool);
	arena_free(reconcile->arena);
}

static void tell_json(const struct reconcile *reconcile)
{
	json_t *list = json_array();
	for (size_t i = 0; i < reconcile->count; i++) {
		const struct lost *lost = &reconcile->lost[i];
		if (lost->is_harmless)
			continue;
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "run", lost->run, "feed",
		              lost->feed, "file", lost->file, "summary", lost->summary, "input",
		              lost->input, "found", lost->found));
	}
	json_dumpf(list, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(list);
}

/* Who drops a file chooses its name; a terminal shows no trick of it. */
static void lost_print(const struct lost *lost)
{
	char file[FILE_NAME_SIZE], input[PATH_MAX];
	snprintf(file, sizeof file, "%s", lost->file);
	snprintf(
	    input, sizeof input, "%s", *lost->input ? lost->input : "(its input was taken away)");
	value_cover_text(file);
	value_cover_text(input);
	printf("%s  %s  %s  %s, of which the database has %s\n", lost->run,
	    *lost->feed ? lost->feed : "-", file, input, lost->found);
}

static size_t lost_count(const struct reconcile *reconcile)
{
	return reconcile->count - reconcile->harmless;
}

/* Their plans are put away by the acceptance. */
static bool has_held(const struct reconcile *reconcile)
{
	for (size_t i = 0; i < reconcile->count; i++)
		if (!reconcile->lost[i].is_harmless &&
		    strncmp(reconcile->lost[i].input, "held/", strlen("held/")) == 0)
			return true;
	return false;
}

static void tell(const struct reconcile *reconcile)
{
	for (size_t i = 0; i < reconcile->count; i++)
		if (!reconcile->lost[i].is_harmless)
			lost_print(&reconcile->lost[i]);
	if (lost_count(reconcile) > 0)
		printf("The database does not hold these answers (%zu). After `enrolctl reconcile "
		       "accept`\ndrop those files again that shall be in force%s.\n",
		    lost_count(reconcile),
		    has_held(reconcile) ? "; what is in held/ will be in quarantine/ then" : "");
	else if (is_error(&reconcile->head))
		printf("Nothing that was applied is lost, but %s\n", reconcile->head.text);
	else
		printf("The database knows every answer%s.\n",
		    reconcile->accepted > 0 ? " that is not accepted as lost" : "");
	if (reconcile->accepted > 0)
		printf("%zu more %s lost and accepted: .accepted in the spool says by whom.\n",
		    reconcile->accepted, reconcile->accepted == 1 ? "is" : "are");
}

enum ctl_exit ctl_reconcile(const struct ctl *ctl)
{
	struct reconcile reconcile = {.spool = SPOOL_CLOSED};
	struct error error = look(ctl, &reconcile);
	bool is_good = lost_count(&reconcile) == 0 && !is_error(&reconcile.head);
	if (!is_error(&error) && ctl->json)
		tell_json(&reconcile);
	else if (!is_error(&error))
		tell(&reconcile);
	done(&reconcile);
	if (is_error(&error))
		return ctl_fail(&error);
	return is_good ? CTL_OK : CTL_NO;
}

/* The chain goes on from where the database is: that it does so, and without what, stands in its
 * next link. */
static struct order order_make(const struct reconcile *reconcile)
{
	struct order order = {.kind = ORDER_ACCEPT,
	    .subject = "default",
	    .feed = "default",
	    .at_s = (int64_t)time(NULL),
	    .uid = (int64_t)getuid(),
	    .loginuid = owner_login()};
	snprintf(order.by, sizeof order.by, "%s", reconcile->by);
	snprintf(order.why, sizeof order.why,
	    "the database is taken as it is, without %zu answer%s that it does not hold",
	    lost_count(reconcile), lost_count(reconcile) == 1 ? "" : "s");
	return order;
}

/* Killed in between, it is done once more: the order stands first, so that what was accepted comes
 * on record however far that has come. */
static struct error accept(const struct ctl *ctl, const struct reconcile *reconcile)
{
	char run[RUN_ID_SIZE + 1];
	bool stood = false;
	const struct spool *spool = &reconcile->spool;
	const struct order order = order_make(reconcile);
	struct error error = order_stands(spool->orders, order.kind, order.subject, &stood);
	if (!is_error(&error))
		error = order_give(spool->orders, &order);
	/* Who has done it is on record before it is done; by an earlier attempt all of it is. */
	if (!is_error(&error) && (reconcile->count > 0 || !stood))
		error = accepted_add(spool, reconcile->by, reconcile->lost, reconcile->count);
	if (!is_error(&error))
		error = last_run_accept(spool, reconcile->lms);
	return is_error(&error) ? error : by_hand(ctl->config, spool, &order, run);
}

enum ctl_exit ctl_reconcile_accept(const struct ctl *ctl)
{
	struct reconcile reconcile = {.spool = SPOOL_CLOSED};
	struct error error = look(ctl, &reconcile);
	bool is_needed = lost_count(&reconcile) > 0 || is_error(&reconcile.head);
	if (!is_error(&error) && is_needed)
		error = accept(ctl, &reconcile);
	done(&reconcile);
	if (is_error(&error))
		return ctl_fail(&error);
	if (is_needed)
		printf("The database is taken as it is, without the answers that it does not hold "
		       "(%zu);\nenrold can be started.\n",
		    lost_count(&reconcile));
	else
		printf("The database knows every answer: there is nothing to accept.\n");
	return CTL_OK;
}
