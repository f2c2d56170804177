#include "by_hand.h"

#include "enrold/last_run.h"
#include "enrold/lms.h"
#include "enrold/log.h"
#include "enrold/run.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A clock that was set back must not make an id again. */
static struct error ids_note(
    const struct config *config, const struct spool *spool, struct run_ids *ids)
{
	struct lms *lms = NULL;
	char last[RUN_ID_SIZE + 1];
	struct last_run head;
	struct error error = lms_open(&config->lms, &lms);
	if (!is_error(&error))
		error = ledger_last_run(lms_db(lms), last);
	if (!is_error(&error))
		error = last_run_find(spool, &head);
	if (!is_error(&error)) {
		run_ids_note(ids, last);
		run_ids_note(ids, head.run);
	}
	lms_close(lms);
	return error;
}

static struct error carry_out(
    const struct run_surroundings *shared, const struct order *order, char run[RUN_ID_SIZE + 1])
{
	struct run_report report;
	struct lane lane = {.is_preview = false};
	snprintf(lane.feed, sizeof lane.feed, "%s", order->feed);
	struct runner *runner = runner_create(shared);
	if (!runner)
		return error_memory("beginning a run");
	run_order(runner, &lane, order->kind, order->subject, &report);
	runner_free(runner);
	memcpy(run, report.run, sizeof report.run);
	return report.error;
}

struct error by_hand(const struct config *config, const struct spool *spool,
    const struct order *order, char run[RUN_ID_SIZE + 1])
{
	struct run_ids ids;
	struct turnstile turnstile;
	struct pace pace = {0};
	atomic_bool is_stopping = false, is_crowded = false;
	atomic_uint progress = 0;
	const struct run_surroundings shared = {.config = config,
	    .spool = spool,
	    .ids = &ids,
	    .turnstile = &turnstile,
	    .pace = &pace,
	    .is_stopping = &is_stopping,
	    .is_crowded = &is_crowded,
	    .progress = &progress};
	*run = '\0';
	if (config_is_shared(config))
		return OK;
	log_set_level(LOG_ERROR); /* the answer is enrolctl's */
	umask(0007);
	run_ids_init(&ids);
	turnstile_init(&turnstile);
	struct error error = ids_note(config, spool, &ids);
	if (!is_error(&error))
		error = carry_out(&shared, order, run);
	turnstile_done(&turnstile);
	run_ids_done(&ids);
	return error;
}
