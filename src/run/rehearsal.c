/*
 * rehearsal: where a limit could trip, the whole file is planned and written like a preview,
 * counted, and undone, before the first of it is done. Then it is held as a whole, its answer being
 * that of the rehearsal; or the kinds of changes that trip are withheld when it is done in earnest,
 * which is durable in work/R before the first commit, so that a run that goes on later withholds
 * the same. Most files need none (weigh.c).
 */
#include "apply_loop.h"

#include "enrold/disk.h"

static struct error verdict_keep(struct run *run)
{
	struct buffer text = {0};
	for (enum limited kind = LIMITED_NOT + 1; kind < LIMITED_KINDS; kind++)
		if (run->withholds & 1U << kind)
			buffer_print(
			    &text, "%s %.*s\n", weigh_kind(kind), SLICE_ARG(run->withheld[kind]));
	struct error error = text.failed ? error_memory("keeping what is withheld") : OK;
	if (!is_error(&error) && (text.size > 0 || disk_has(run->directory, RUN_WEIGHED)))
		error = disk_create(run->directory, RUN_WEIGHED, MODE_INPUT, buffer_slice(&text));
	bool is_kept = !is_error(&error) && text.size > 0;
	buffer_done(&text);
	return is_kept ? disk_sync(run->directory, ".") : error;
}

struct error rehearse(struct run *run)
{
	struct weighing weighing = {.count = NULL};
	uint64_t strangers = 0;
	if (run->lane.is_preview)
		return OK;
	if (!run->needs_rehearsal && (run->could_make || run->could_miss)) {
		struct error looked = strangers_count(run, &strangers);
		if (is_error(&looked) || run->is_stopped)
			return looked;
		run->needs_rehearsal = weigh_strangers(run, strangers);
	}
	if (!run->needs_rehearsal)
		return OK;
	weighing.count = limits_count_create();
	struct error error =
	    weighing.count ? run_rehearse(run, &weighing) : error_memory("weighing a file");
	limits_count_free(weighing.count);
	if (is_error(&error) || run->is_stopped || run->row.state == RUN_HELD ||
	    run->row.state == RUN_DISCARDED)
		return error;
	run->withholds = weighing.verdict.withholds;
	memcpy(run->withheld, weighing.verdict.reasons, sizeof run->withheld);
	return verdict_keep(run);
}
