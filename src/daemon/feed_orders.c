/*
 * feed_orders: people's words about runs of a feed that a run of its own carries out (orders.h):
 * which is next, and that it is over. The run takes the order's file with it; what is remembered
 * here goes with it, until the orders are read again.
 */
#include "feed_state.h"

#include "enrold/held.h"

#include <string.h>

static bool is_of(const struct feed_state *state, const struct order *order)
{
	return order_is_for_run(order->kind) && strcmp(order->feed, state->lane.feed) == 0;
}

/* By run: of several that are undone the newest comes first, for it stands on the others. */
const struct order *feed_next_order(const struct feed_state *state)
{
	const struct orders *orders = &state->all->orders;
	const struct order *next = NULL;
	for (size_t i = 0; i < orders->count && !state->lane.is_preview; i++) {
		const struct order *order = &orders->items[i];
		if (is_of(state, order) && (!next || strcmp(order->subject, next->subject) > 0))
			next = order;
	}
	return next;
}

void feed_forget_order(struct feed_state *state, enum order_kind kind, const char *subject)
{
	struct orders *orders = &state->all->orders;
	for (size_t i = 0; i < orders->count; i++) {
		const struct order *order = &orders->items[i];
		if (order->kind != kind || strcmp(order->subject, subject) != 0)
			continue;
		orders->items[i] = orders->items[--orders->count];
		return;
	}
}

/* A file of a feed whose files all wait for a person is not taken while one before it waits: what
 * cannot be seen holds it back, too. */
bool feed_is_in_review(const struct feed_state *state)
{
	const struct feed *feed = config_find_feed(state->all->config, state->lane.feed);
	bool has = false;
	if (!feed || !feed->policy.review || state->lane.is_preview)
		return false;
	struct error error = held_has_whole(state->all->spool->root, state->lane.feed, &has);
	return is_error(&error) || has;
}
