/*
 * enrolctl reconcile: which answers the database does not hold, after it was restored from a backup
 * or has lost what it had committed; and `reconcile accept`, to go on with it all the same. What
 * was accepted is recorded, and listed no more.
 */
#include "ctl.h"
#include "owner.h"

#include "enrold/accepted.h"
#include "enrold/head.h"
#include "enrold/names.h"
#include "enrold/value.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>

struct reconciling {
	char by[OWNER_NAME_SIZE];
	struct spool spool;
	struct lms *lms;
	struct arena *arena;
	struct lost *lost;
	size_t count, accepted;
	struct error head; /* what the daemon would say of this database */
};

static struct error look(const struct ctl *ctl, struct reconciling *reconciling)
{
	owner_name(reconciling->by);
	struct error error = owner_become(ctl->config->spool);
	reconciling->arena = arena_create();
	if (!is_error(&error) && !reconciling->arena)
		error = error_memory("looking for answers");
	if (!is_error(&error))
		error = spool_open(ctl->config, &reconciling->spool);
	if (!is_error(&error))
		error = lms_open(&ctl->config->lms, &reconciling->lms);
	if (!is_error(&error))
		error = lost_find(&reconciling->spool, reconciling->lms, reconciling->arena,
		    &reconciling->lost, &reconciling->count);
	if (!is_error(&error))
		error = accepted_remove(&reconciling->spool, reconciling->lost, &reconciling->count,
		    &reconciling->accepted);
	if (is_error(&error))
		return error;
	reconciling->head = head_check(&reconciling->spool, reconciling->lms);
	return reconciling->head.class == ERROR_CONFIG ? OK : reconciling->head;
}

static void done(struct reconciling *reconciling)
{
	lms_close(reconciling->lms);
	spool_close(&reconciling->spool);
	arena_free(reconciling->arena);
}

static void tell_json(const struct reconciling *reconciling)
{
	json_t *list = json_array();
	for (size_t i = 0; i < reconciling->count; i++) {
		const struct lost *lost = &reconciling->lost[i];
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

static void tell(const struct reconciling *reconciling)
{
	for (size_t i = 0; i < reconciling->count; i++)
		lost_print(&reconciling->lost[i]);
	if (reconciling->count > 0)
		printf("The database does not hold these answers (%zu). After `enrolctl reconcile "
		       "accept`\ndrop those files again that shall be in force.\n",
		    reconciling->count);
	else if (is_error(&reconciling->head))
		printf("Nothing that was applied is lost, but %s\n", reconciling->head.text);
	else
		printf("The database knows every answer%s.\n",
		    reconciling->accepted > 0 ? " that is not accepted as lost" : "");
	if (reconciling->accepted > 0)
		printf("%zu more %s lost and accepted: .accepted in the spool says by whom.\n",
		    reconciling->accepted, reconciling->accepted == 1 ? "is" : "are");
}

enum ctl_exit ctl_reconcile(const struct ctl *ctl)
{
	struct reconciling reconciling = {.spool = SPOOL_CLOSED};
	struct error error = look(ctl, &reconciling);
	bool is_good = reconciling.count == 0 && !is_error(&reconciling.head);
	if (!is_error(&error) && ctl->json)
		tell_json(&reconciling);
	else if (!is_error(&error))
		tell(&reconciling);
	done(&reconciling);
	if (is_error(&error))
		return ctl_fail(&error);
	return is_good ? CTL_OK : CTL_NO;
}

enum ctl_exit ctl_reconcile_accept(const struct ctl *ctl)
{
	struct reconciling reconciling = {.spool = SPOOL_CLOSED};
	struct error error = look(ctl, &reconciling);
	bool is_needed = reconciling.count > 0 || is_error(&reconciling.head);
	/* Who has done it is on record before it is done. */
	if (!is_error(&error) && is_needed)
		error = accepted_add(
		    &reconciling.spool, reconciling.by, reconciling.lost, reconciling.count);
	if (!is_error(&error) && is_needed)
		error = head_accept(&reconciling.spool, reconciling.lms);
	done(&reconciling);
	if (is_error(&error))
		return ctl_fail(&error);
	if (is_needed)
		printf("The database is taken as it is, without the answers that it does not hold "
		       "(%zu);\nenrold can be started.\n",
		    reconciling.count);
	else
		printf("The database knows every answer: there is nothing to accept.\n");
	return CTL_OK;
}
