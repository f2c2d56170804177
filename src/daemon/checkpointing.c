#include "checkpointing.h"

#include "enrold/lms.h"

#include <stdlib.h>

/* The thread's, from being queued until it comes back. */
struct checkpointing_work {
	uv_work_t work;
	struct checkpointing *checkpointing;
	struct config_file *file;
	bool looks;
};

/* ---- on the thread ---- */

static void look(const struct checkpointing *checkpointing, const struct config *config)
{
	struct lms *lms = NULL;
	struct error error = lms_open(&config->lms, &lms);
	if (!is_error(&error)) /* else the next call makes it */
		checkpoints_look(
		    checkpointing->checkpoints, config, checkpointing->spool, lms_db(lms), true);
	lms_close(lms);
}

static void on_work(uv_work_t *uv_work)
{
	struct checkpointing_work *work = uv_work->data;
	const struct checkpointing *checkpointing = work->checkpointing;
	const struct config *config = config_get(work->file);
	if (work->looks)
		look(checkpointing, config);
	if (checkpoints_want_giving(checkpointing->checkpoints, config))
		checkpoints_give(checkpointing->checkpoints, config, checkpointing->spool,
		    checkpointing->is_leaving);
}

/* ---- on the loop ---- */

static void work_free(struct checkpointing_work *work)
{
	work->checkpointing->work = NULL;
	config_free(work->file);
	free(work);
}

static void on_worked(uv_work_t *uv_work, int status)
{
	struct checkpointing_work *work = uv_work->data;
	struct checkpointing *checkpointing = work->checkpointing;
	(void)status; /* it is never cancelled */
	checkpointing->has_looked |= work->looks;
	work_free(work);
	checkpointing->on_end(checkpointing->context);
}

static bool begin(struct checkpointing *checkpointing, struct config_file *file, bool looks)
{
	struct checkpointing_work *work = calloc(1, sizeof *work);
	if (!work)
		return false; /* another time */
	checkpointing->work = work;
	work->checkpointing = checkpointing;
	work->file = config_hold(file);
	work->looks = looks;
	work->work.data = work;
	if (uv_queue_work(checkpointing->loop, &work->work, on_work, on_worked) == 0)
		return true;
	work_free(work);
	return false;
}

void checkpointing_give(struct checkpointing *checkpointing, struct config_file *file)
{
	if (!checkpointing->work &&
	    checkpoints_want_giving(checkpointing->checkpoints, config_get(file)))
		begin(checkpointing, file, false);
}

bool checkpointing_is_over(struct checkpointing *checkpointing, struct config_file *file)
{
	if (!config_get(file)->checkpoints.key || checkpointing->has_looked)
		return true;
	return !checkpointing->work && !begin(checkpointing, file, true);
}
