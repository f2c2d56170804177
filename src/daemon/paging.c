#include "paging.h"

#include "enrold/lms.h"
#include "enrold/log.h"

#include <stdlib.h>
#include <time.h>

/* The thread's, from being queued until it comes back. */
struct paging_work {
	uv_work_t work;
	struct paging *paging;
	struct config_file *file;
	bool is_all;
	struct error error;
};

/* ---- on the thread ---- */

static void on_unwritten(void *context, const char *path, const struct error *error)
{
	(void)context;
	log_event(LOG_WARNING, "page_unwritten", json_pack("{s:s}", "path", path),
	    "%s cannot be written: %s; files go on, and it is tried again with the next", path,
	    error->text);
}

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void on_work(uv_work_t *uv_work)
{
	struct paging_work *work = uv_work->data;
	const struct paging *paging = work->paging;
	const struct config *config = config_get(work->file);
	struct lms *lms = NULL;
	work->error = lms_open_known(&config->lms, &lms);
	if (!is_error(&work->error)) {
		const struct page_place place = {
		    lms_db(lms), config, paging->spool, paging->zone, now_us(), on_unwritten, NULL};
		if (work->is_all)
			page_maker_want_all(paging->maker);
		work->error = page_maker_work(paging->maker, &place);
	}
	lms_close(lms);
}

/* ---- on the loop ---- */

static void work_free(struct paging_work *work)
{
	work->paging->work = NULL;
	config_free(work->file);
	free(work);
}

/* The database is away, or there is no memory: all are wanted still. */
static void failure_take(struct paging *paging, const struct error *error)
{
	if (!paging->has_failed)
		log_event(LOG_WARNING, "page_unwritten", NULL,
		    "the pages of the outbox cannot be made: %s; files go on, and it is tried "
		    "again",
		    error->text);
	paging->has_failed = paging->is_wanted = paging->is_all = true;
	paging->at_ms = (int64_t)uv_now(paging->loop) + PAGES_AGAIN_MS;
}

static void on_worked(uv_work_t *uv_work, int status)
{
	struct paging_work *work = uv_work->data;
	struct paging *paging = work->paging;
	(void)status; /* it is never cancelled */
	if (is_error(&work->error))
		failure_take(paging, &work->error);
	else
		paging->has_failed = false;
	work_free(work);
	paging->on_end(paging->context);
}

static bool begin(struct paging *paging, struct config_file *file)
{
	if (!paging->maker)
		paging->maker = page_maker_create();
	struct paging_work *work = paging->maker ? calloc(1, sizeof *work) : NULL;
	if (!work)
		return false; /* another time */
	unsigned packed = packer_count(paging->packer);
	paging->work = work;
	work->paging = paging;
	work->file = config_hold(file);
	work->is_all = paging->is_all || packed != paging->packed;
	work->work.data = work;
	if (uv_queue_work(paging->loop, &work->work, on_work, on_worked) < 0) {
		work_free(work);
		return false;
	}
	paging->packed = packed;
	paging->is_wanted = paging->is_all = false;
	paging->at_ms = (int64_t)uv_now(paging->loop) + PAGES_EVERY_MS;
	return true;
}

void paging_begin(struct paging *paging)
{
	paging->is_wanted = paging->is_all = true;
	paging->at_ms = 0;
}

/* While they are made the next ones come when that is over, or a little later. */
static void paging_soon(struct paging *paging)
{
	int64_t at_ms = (int64_t)uv_now(paging->loop) + PAGES_SOON_MS;
	paging->is_wanted = true;
	if (at_ms < paging->at_ms && !paging->has_failed)
		paging->at_ms = at_ms;
}

/* A page that was made meanwhile says of a late one that it is no longer kept. */
void paging_answered(struct paging *paging, uint64_t took_us)
{
	paging->is_all |= took_us / 1000000 >= PAGES_COMING_S;
	paging_soon(paging);
}

void paging_look(struct paging *paging)
{
	if (packer_count(paging->packer) != paging->packed)
		paging_soon(paging);
}

int64_t paging_wake_at(const struct paging *paging)
{
	return paging->work ? INT64_MAX : paging->at_ms;
}

void paging_work(struct paging *paging, struct config_file *file, int64_t now_ms)
{
	if (paging->work || now_ms < paging->at_ms)
		return;
	if (!begin(paging, file))
		paging->at_ms = now_ms + PAGES_AGAIN_MS;
}

/* Of what has just failed the end expects nothing. */
bool paging_is_over(struct paging *paging, struct config_file *file)
{
	if (paging->work)
		return false;
	return !paging->is_wanted || paging->has_failed || !begin(paging, file);
}

void paging_done(struct paging *paging)
{
	page_maker_free(paging->maker);
	paging->maker = NULL;
}
