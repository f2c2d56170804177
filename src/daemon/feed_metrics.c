/*
 * feed_metrics: how one feed stands, as numbers; its files and its previews together.
 */
#include "feed_state.h"
#include "metrics.h"
#include "status.h"

static void waiting_tell(
    const struct feed_state *lane, const struct status_moment *moment, struct metrics_now_feed *now)
{
	char name[FILE_NAME_SIZE];
	int64_t arrived_s;
	now->files_waiting +=
	    (int64_t)(inbox_ready(lane->inbox) + inbox_incomplete(lane->inbox) + lane->runs.count);
	if (!inbox_oldest(lane->inbox, name, &arrived_s))
		return;
	int64_t age_s = moment->now_s > arrived_s ? moment->now_s - arrived_s : 0;
	now->oldest_age_s = age_s > now->oldest_age_s ? age_s : now->oldest_age_s;
}

/* Rows once they have been counted. */
static void running_tell(
    size_t place, const struct status_moment *moment, struct metrics_now_feed *now)
{
	struct progress_view view;
	now->running++;
	if (!moment->workers || !workers_find_progress(moment->workers, place, &view) ||
	    view.rows == 0)
		return;
	now->rows_done = (now->rows_done < 0 ? 0 : now->rows_done) + (int64_t)view.rows_done;
	now->rows_expected = (now->rows_expected < 0 ? 0 : now->rows_expected) + (int64_t)view.rows;
}

static void lane_tell(const struct feeds *feeds, size_t place, const struct status_moment *moment,
    struct metrics_now_feed *now)
{
	const struct feed_state *lane = &feeds->states[place];
	waiting_tell(lane, moment, now);
	if (lane->is_busy)
		running_tell(place, moment, now);
	now->blocked |= trouble_is_on(&lane->running) || trouble_is_on(&lane->scanning);
	now->paused |= lane->is_paused;
	now->held += (int64_t)lane->stopped.count;
}

static void plans_tell(const struct held_plans *plans, struct metrics_now_feed *now)
{
	const struct held_plan *first;
	now->held += (int64_t)status_plans_count(now->name, plans, &first);
}

static void absence_tell(const struct absence_standing *standing, struct metrics_now_feed *now)
{
	if (!standing)
		return;
	now->removals_withheld = (int64_t)standing->withheld;
	now->due_people = (int64_t)standing->due_people;
}

void feeds_tell(
    const struct feeds *feeds, const struct status_moment *moment, struct metrics_now_feed *now)
{
	for (size_t i = 0; i < feeds->count; i += 2, now++) {
		*now = metrics_feed_unknown(feeds->states[i].lane.feed);
		now->files_waiting = now->running = now->blocked = now->paused = now->held = 0;
		now->oldest_age_s = 0;
		lane_tell(feeds, i, moment, now);
		lane_tell(feeds, i + 1, moment, now);
		plans_tell(&moment->overview->plans, now);
		feed_expect_tell(&feeds->states[i], moment->overview, now);
		absence_tell(overview_absence(moment->overview, now->name), now);
	}
}
