#include "noticing.h"

#include "overview.h"

#include "enrold/log.h"

#include <stdio.h>
#include <stdlib.h>

/* The thread's, from being queued until it comes back. */
struct noticing_work {
	uv_work_t work;
	struct noticing *noticing;
	char node[NODE_NAME_SIZE];
	struct news_list list;
	size_t written;     /* the first of them */
	struct error error; /* of the next */
};

/* ---- on the thread ---- */

static struct error write_one(const struct noticing_work *work, const struct news *news)
{
	bool is_full;
	const struct notice notice = news_notice(news, work->node);
	struct error error = notice_queue(work->noticing->spool->root, &notice, &is_full);
	if (is_full)
		error = error_retry("notify/queue is full: is enrold-notify running?");
	return error;
}

static void on_work(uv_work_t *uv_work)
{
	struct noticing_work *work = uv_work->data;
	while (work->written < work->list.count && !is_error(&work->error)) {
		work->error = write_one(work, &work->list.items[work->written]);
		work->written += !is_error(&work->error);
	}
}

/* ---- on the loop ---- */

static void work_free(struct noticing_work *work)
{
	work->noticing->work = NULL;
	news_done(&work->list);
	free(work);
}

/* Behind what has happened meanwhile, which may be told in any order. */
static void rest_take_back(struct noticing_work *work)
{
	for (size_t i = work->written; i < work->list.count; i++)
		news_add(&work->noticing->waiting, &work->list.items[i]);
}

static void end_log(struct noticing_work *work)
{
	bool was_bad = work->noticing->is_queue_bad;
	work->noticing->is_queue_bad = is_error(&work->error);
	if (!is_error(&work->error) || was_bad)
		return;
	const struct news *news = &work->list.items[work->written];
	log_event(LOG_WARNING, "notice_not_queued", json_pack("{s:s}", "feed", news->feed),
	    "nobody is told %s yet: %s", news->id, work->error.text);
}

static void on_worked(uv_work_t *uv_work, int status)
{
	struct noticing_work *work = uv_work->data;
	struct noticing *noticing = work->noticing;
	(void)status; /* it is never cancelled */
	end_log(work);
	rest_take_back(work);
	work_free(work);
	noticing->on_end(noticing->context);
}

void noticing_begin(struct noticing *noticing, const char *node)
{
	if (noticing->work || noticing->waiting.count == 0)
		return;
	struct noticing_work *work = calloc(1, sizeof *work);
	if (!work)
		return; /* another time */
	*work = (struct noticing_work){
	    .work.data = work, .noticing = noticing, .list = noticing->waiting, .error = OK};
	snprintf(work->node, sizeof work->node, "%s", node);
	noticing->waiting = (struct news_list){0};
	noticing->work = work;
	if (uv_queue_work(noticing->loop, &work->work, on_work, on_worked) < 0) {
		rest_take_back(work);
		work_free(work);
	}
}

void noticing_done(struct noticing *noticing)
{
	news_done(&noticing->waiting);
}
