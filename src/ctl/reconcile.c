/*
 * enrolctl reconcile: which answers in the outbox the database knows nothing of, after it was
 * restored from a backup; and `reconcile accept`, to go on with it all the same.
 */
#include "ctl.h"

#include "enrold/head.h"
#include "enrold/ledger.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

struct reconciling {
	const struct ctl *ctl;
	struct spool spool;
	struct lms *lms;
	struct arena *arena;
	json_t *lost;
};

/* staff.R.summary.json, staff.R.preview.summary.json -> R; false: no summary. */
static bool run_of(const char *name, char run[RUN_ID_SIZE + 1])
{
	static const char *const ends[] = {".preview.summary.json", ".summary.json"};
	int64_t epoch_us;
	size_t size = strlen(name);
	for (int i = 0; i < 2; i++) {
		size_t end = strlen(ends[i]);
		if (size < end + RUN_ID_SIZE || strcmp(name + size - end, ends[i]) != 0)
			continue;
		snprintf(
		    run, RUN_ID_SIZE + 1, "%.*s", RUN_ID_SIZE, name + size - end - RUN_ID_SIZE);
		if (run_id_parse(run, &epoch_us))
			return true;
	}
	return false;
}

static struct error answer_look(struct reconciling *reconciling, const char *feed, const char *name)
{
	char run[RUN_ID_SIZE + 1];
	struct ledger_run row;
	if (!run_of(name, run))
		return OK;
	struct error error = ledger_find(reconciling->lms, slice_of(run), reconciling->arena, &row);
	arena_reset(reconciling->arena); /* an outbox may hold the answers of years */
	if (is_error(&error) || row.state != RUN_UNKNOWN)
		return error;
	json_array_append_new(reconciling->lost,
	    json_pack("{s:s, s:s, s:s}", "run", run, "feed", feed, "summary", name));
	return OK;
}

static struct error outbox_look(struct reconciling *reconciling, const char *feed)
{
	int directory;
	struct error error = spool_open_outbox(&reconciling->spool, feed, &directory);
	if (is_error(&error))
		return error;
	DIR *listing = fdopendir(directory);
	if (!listing) {
		error = error_errno("cannot list the outbox");
		close(directory);
		return error;
	}
	const struct dirent *entry;
	while (!is_error(&error) && (entry = readdir(listing)))
		error = answer_look(reconciling, feed, entry->d_name);
	closedir(listing);
	return error;
}

static struct error look(struct reconciling *reconciling)
{
	const struct config *config = reconciling->ctl->config;
	reconciling->arena = arena_create();
	reconciling->lost = json_array();
	if (!reconciling->arena || !reconciling->lost)
		return error_memory("looking at the outbox");
	struct error error = spool_open(config, &reconciling->spool);
	if (is_error(&error))
		return error;
	error = lms_open(&config->lms, &reconciling->lms);
	for (size_t i = 0; i < config->feeds_count && !is_error(&error); i++)
		error = outbox_look(reconciling, config->feeds[i].name);
	return error;
}

static void done(struct reconciling *reconciling)
{
	lms_close(reconciling->lms);
	spool_close(&reconciling->spool);
	json_decref(reconciling->lost);
	arena_free(reconciling->arena);
}

static void tell(const struct reconciling *reconciling)
{
	size_t index;
	const json_t *lost;
	if (reconciling->ctl->json) {
		json_dumpf(reconciling->lost, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	json_array_foreach(reconciling->lost, index, lost)
	{
		const char *run, *feed, *summary;
		if (json_unpack((json_t *)lost, "{s:s, s:s, s:s}", "run", &run, "feed", &feed,
		        "summary", &summary) == 0)
			printf("%s  %s  %s\n", run, feed, summary);
	}
	if (index == 0)
		printf("The database knows every answer in the outbox.\n");
	else
		printf("The database knows nothing of these answers (%zu). Their inputs lie in the "
		       "archive;\ndrop those again that shall be in force, after `enrolctl "
		       "reconcile accept`.\n",
		    index);
}

enum ctl_exit ctl_reconcile(const struct ctl *ctl)
{
	struct reconciling reconciling = {.ctl = ctl, .spool = {-1, -1, -1, -1, -1, -1, -1}};
	struct error error = look(&reconciling);
	enum ctl_exit status = CTL_OK;
	if (is_error(&error)) {
		status = ctl_fail(&error);
	} else {
		tell(&reconciling);
		status = json_array_size(reconciling.lost) > 0 ? CTL_NO : CTL_OK;
	}
	done(&reconciling);
	return status;
}

enum ctl_exit ctl_reconcile_accept(const struct ctl *ctl)
{
	struct spool spool;
	struct lms *lms = NULL;
	struct error error = spool_open(ctl->config, &spool);
	if (is_error(&error))
		return ctl_fail(&error);
	error = lms_open(&ctl->config->lms, &lms);
	if (!is_error(&error))
		error = head_accept(&spool, lms);
	lms_close(lms);
	spool_close(&spool);
	if (is_error(&error))
		return ctl_fail(&error);
	printf("The database is taken as it is; enrold can be started.\n");
	return CTL_OK;
}
