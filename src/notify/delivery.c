#include "delivery.h"

#include "outgoing.h"
#include "parcel.h"

#include "enrold/log.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 8, AT_ONCE_EACH = 2, ITEMS_MAX = 100000 };

/* feed "": the mail server. */
struct destination {
	char feed[FEED_NAME_MAX + 1];
	unsigned failures, running;
	int64_t next_ms; /* steady */
};

struct item {
	char name[OUTGOING_NAME_SIZE];
	char feed[FEED_NAME_MAX + 1];
	int64_t made_ms;           /* wall */
	int64_t known_ms, next_ms; /* steady */
	size_t destination;
	unsigned tries;
	bool is_running, is_mail;
	bool is_over, is_sent; /* what is left to do is to take it out of out/ */
};

struct delivery {
	const struct settings *settings;
	const struct store *store;
	struct post *post;
	const struct pace *pace;
	struct arena *arena;
	struct item **items; /* each stays where it is while it is under way */
	size_t count, room;
	struct destination *destinations;
	size_t destinations_count;
};

struct error delivery_create(struct delivery **delivery, const struct settings *settings,
    const struct store *store, struct post *post, const struct pace *pace)
{
	struct delivery *made = calloc(1, sizeof *made);
	*delivery = made;
	if (!made)
		return error_memory("preparing to send");
	*made = (struct delivery){.settings = settings,
	    .store = store,
	    .post = post,
	    .pace = pace,
	    .arena = arena_create()};
	return made->arena ? OK : error_memory("preparing to send");
}

void delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	for (size_t i = 0; i < delivery->count; i++)
		free(delivery->items[i]);
	free(delivery->items);
	free(delivery->destinations);
	arena_free(delivery->arena);
	free(delivery);
}

size_t delivery_count(const struct delivery *delivery)
{
	return delivery->count;
}

/* ---- what there is ---- */

static int items_compare(const void *a, const void *b)
{
	const struct item *const *left = a, *const *right = b;
	return strcmp((*left)->name, (*right)->name);
}

static int name_compare(const void *name, const void *item)
{
	const struct item *const *other = item;
	return strcmp(name, (*other)->name);
}

/* By name, for a search: there may be tens of thousands. NULL: no memory. */
static struct item **items_sort(const struct delivery *delivery, struct arena *arena)
{
	size_t size = delivery->count * sizeof(struct item *);
	struct item **sorted = arena_alloc(arena, size + sizeof(struct item *));
	if (!sorted || delivery->count == 0)
		return sorted;
	memcpy(sorted, delivery->items, size);
	qsort(sorted, delivery->count, sizeof(struct item *), items_compare);
	return sorted;
}

static void item_forget(struct delivery *delivery, struct item *item)
{
	size_t kept = 0;
	for (size_t i = 0; i < delivery->count; i++)
		if (delivery->items[i] != item)
			delivery->items[kept++] = delivery->items[i];
	delivery->count = kept;
	free(item);
}

/* SIZE_MAX: no memory. */
static size_t destination_find(struct delivery *delivery, const char *feed)
{
	size_t i = 0, count = delivery->destinations_count;
	while (i < count && strcmp(delivery->destinations[i].feed, feed) != 0)
		i++;
	if (i < count)
		return i;
	struct destination *more = reallocarray(delivery->destinations, count + 1, sizeof *more);
	if (!more)
		return SIZE_MAX;
	delivery->destinations = more;
	more[count] = (struct destination){0};
	snprintf(more[count].feed, sizeof more[count].feed, "%s", feed);
	delivery->destinations_count++;
	return count;
}

static bool item_add(
    struct delivery *delivery, const char *name, const struct outgoing *outgoing, int64_t steady_ms)
{
	if (delivery->count == delivery->room) {
		size_t room = delivery->room * 2 + 16;
		struct item **items = reallocarray(delivery->items, room, sizeof(struct item *));
		if (!items)
			return false;
		delivery->items = items;
		delivery->room = room;
	}
	struct item *item = calloc(1, sizeof *item);
	size_t destination =
	    item ? destination_find(delivery, outgoing->to ? "" : outgoing->feed) : SIZE_MAX;
	if (destination == SIZE_MAX) {
		free(item);
		return false;
	}
	snprintf(item->name, sizeof item->name, "%s", name);
	snprintf(item->feed, sizeof item->feed, "%s", outgoing->feed);
	item->made_ms = outgoing->made_ms;
	item->known_ms = steady_ms;
	item->is_mail = outgoing->to != NULL;
	item->destination = destination;
	delivery->items[delivery->count++] = item;
	return true;
}

static struct error file_note(struct delivery *delivery, const char *name, int64_t steady_ms)
{
	struct slice text;
	struct outgoing outgoing;
	struct error error = store_load(delivery->store->out, name, delivery->arena, &text);
	if (!is_error(&error))
		error = outgoing_parse(
		    text.bytes ? text : (struct slice){"", 0}, delivery->arena, &outgoing);
	if (error.class == ERROR_REJECT || strlen(name) >= OUTGOING_NAME_SIZE) {
		log_event(LOG_WARNING, "notify_strange", json_pack("{s:s}", "file", name),
		    "notify/out/%s is put aside into notify/failed: %s", name, error.text);
		return store_settle(delivery->store, name, false);
	}
	if (!is_error(&error) && !item_add(delivery, name, &outgoing, steady_ms))
		error = error_memory("noting a message");
	return error;
}

struct error delivery_load(struct delivery *delivery, int64_t steady_ms)
{
	struct store_names names;
	struct arena *listed = arena_create();
	if (!listed)
		return error_memory("looking into notify/out");
	struct error error = store_list(delivery->store->out, listed, &names);
	struct item **known = items_sort(delivery, listed);
	size_t known_count = delivery->count;
	if (!is_error(&error) && !known)
		error = error_memory("looking into notify/out");
	for (size_t i = 0; i < names.count && !is_error(&error); i++) {
		if (delivery->count >= ITEMS_MAX ||
		    bsearch(names.items[i], known, known_count, sizeof *known, name_compare))
			continue;
		error = file_note(delivery, names.items[i], steady_ms);
		arena_reset(delivery->arena);
	}
	arena_free(listed);
	return error;
}

/* ---- what is due ---- */

static size_t troubled_running(const struct delivery *delivery)
{
	size_t count = 0;
	for (size_t i = 0; i < delivery->destinations_count; i++)
		if (delivery->destinations[i].failures > 0)
			count += delivery->destinations[i].running;
	return count;
}

static bool destination_has_place(
    const struct delivery *delivery, const struct destination *destination, int64_t steady_ms)
{
	if (post_count(delivery->post) >= AT_ONCE)
		return false;
	if (destination->failures == 0)
		return destination->running < AT_ONCE_EACH;
	return destination->running == 0 && destination->next_ms <= steady_ms &&
	       troubled_running(delivery) < AT_ONCE / 2;
}

/* The one that was tried least, and then the oldest: no message keeps others of the same
 * destination from being tried. */
static bool goes_before(const struct item *a, const struct item *b)
{
	return a->tries != b->tries ? a->tries < b->tries : a->made_ms < b->made_ms;
}

static struct item *item_next(const struct delivery *delivery, int64_t steady_ms)
{
	struct item *next = NULL;
	for (size_t i = 0; i < delivery->count; i++) {
		struct item *item = delivery->items[i];
		if (!item->is_running && !item->is_over && item->next_ms <= steady_ms &&
		    destination_has_place(
		        delivery, &delivery->destinations[item->destination], steady_ms) &&
		    (!next || goes_before(item, next)))
			next = item;
	}
	return next;
}

static uint32_t chance(void)
{
	unsigned char bytes[2] = {0};
	return RAND_bytes(bytes, sizeof bytes) == 1 ? (uint32_t)(bytes[0] << 8 | bytes[1]) : 0;
}

/* ---- what has become of it ---- */

static json_t *about(const struct item *item)
{
	return json_pack("{s:s, s:s, s:s}", "feed", item->feed, "by",
	    item->is_mail ? "mail" : "webhook", "file", item->name);
}

static const char *destination_name(const struct item *item, char name[64])
{
	snprintf(name, 64, "%s%.*s", item->is_mail ? "the mail server" : "the webhook of ",
	    item->is_mail ? 0 : FEED_NAME_MAX, item->feed);
	return name;
}

static void destination_fail(struct delivery *delivery, const struct item *item,
    const struct receipt *receipt, int64_t steady_ms)
{
	char name[64];
	struct destination *destination = &delivery->destinations[item->destination];
	if (destination->failures++ == 0)
		log_event(LOG_WARNING, "notify_waits", about(item),
		    "%s cannot be had: %s; what is for it waits, and is tried for a day",
		    destination_name(item, name), receipt->reason);
	destination->next_ms = steady_ms + pace_pause(delivery->pace, destination->failures,
	                                       receipt->retry_after_ms, chance());
}

static void destination_answer(struct delivery *delivery, const struct item *item)
{
	char name[64];
	struct destination *destination = &delivery->destinations[item->destination];
	if (destination->failures > 0)
		log_event(LOG_INFO, "notify_back", about(item), "%s is back",
		    destination_name(item, name));
	destination->failures = 0;
	destination->next_ms = 0;
}

static struct error item_end(struct delivery *delivery, struct item *item, bool is_sent)
{
	item->is_over = true;
	item->is_sent = is_sent;
	struct error error = store_settle(delivery->store, item->name, is_sent);
	if (!is_error(&error))
		item_forget(delivery, item);
	return error;
}

/* What could not be moved when it was over: it is not sent again for that. */
static struct error over_end(struct delivery *delivery)
{
	struct error error = OK;
	for (size_t i = delivery->count; i-- > 0 && !is_error(&error);)
		if (delivery->items[i]->is_over)
			error = item_end(delivery, delivery->items[i], delivery->items[i]->is_sent);
	return error;
}

static struct error item_give_up(struct delivery *delivery, struct item *item, const char *reason)
{
	log_event(LOG_ERROR, "notify_gave_up", about(item),
	    "a message is given up after a day, and lies in notify/failed: %s", reason);
	return item_end(delivery, item, false);
}

static struct error item_settle(
    struct delivery *delivery, struct item *item, const struct receipt *receipt, struct moment now)
{
	if (receipt->fate == FATE_AWAY)
		destination_fail(delivery, item, receipt, now.steady_ms);
	else
		destination_answer(delivery, item);
	switch (receipt->fate) {
	case FATE_SENT:
		log_event(LOG_INFO, "notify_sent", about(item), "a message of feed %s is sent",
		    item->feed);
		return item_end(delivery, item, true);
	case FATE_REFUSED:
		log_event(LOG_ERROR, "notify_refused", about(item),
		    "a message is refused for good, and lies in notify/failed: %s",
		    receipt->reason);
		return item_end(delivery, item, false);
	case FATE_LATER:
		item->next_ms = now.steady_ms + pace_pause(delivery->pace, item->tries,
		                                    receipt->retry_after_ms, chance());
		break;
	case FATE_AWAY: break;
	}
	return pace_is_over(
	           delivery->pace, now.wall_ms - item->made_ms, now.steady_ms - item->known_ms)
	           ? item_give_up(delivery, item, receipt->reason)
	           : OK;
}

struct error delivery_settle(struct delivery *delivery, struct moment now)
{
	struct receipt receipt;
	struct error error = over_end(delivery);
	while (!is_error(&error) && post_take(delivery->post, &receipt)) {
		struct item *item = receipt.context;
		item->is_running = false;
		delivery->destinations[item->destination].running--;
		error = item_settle(delivery, item, &receipt, now);
	}
	return error;
}

/* ---- beginning ---- */

static struct error item_drop(struct delivery *delivery, struct item *item)
{
	log_event(LOG_INFO, "notify_dropped", about(item),
	    "a message is dropped: by the settings of now nobody is to get it");
	return item_end(delivery, item, true);
}

static struct error item_send(struct delivery *delivery, struct item *item,
    const struct outgoing *outgoing, struct moment now)
{
	struct parcel_options options = {.config = settings_get(delivery->settings),
	    .feed = settings_find(delivery->settings, item->feed),
	    .outgoing = outgoing,
	    .now_s = now.wall_ms / 1000,
	    .context = item};
	if (!options.feed || !settings_has(options.feed, outgoing->to) ||
	    (outgoing->to && !options.config->mail.smtp))
		return item_drop(delivery, item);
	struct error error = parcel_send(delivery->post, &options);
	item->tries++;
	if (!is_error(&error)) {
		item->is_running = true;
		delivery->destinations[item->destination].running++;
		return OK;
	}
	struct receipt receipt = {.fate = FATE_AWAY};
	snprintf(receipt.reason, sizeof receipt.reason, "%.199s", error.text);
	return item_settle(delivery, item, &receipt, now);
}

static struct error item_start(struct delivery *delivery, struct item *item, struct moment now)
{
	struct slice text;
	struct outgoing outgoing;
	struct error error = store_load(delivery->store->out, item->name, delivery->arena, &text);
	if (is_error(&error))
		return error;
	if (!text.bytes) { /* somebody has taken it away */
		item_forget(delivery, item);
		return OK;
	}
	error = outgoing_parse(text, delivery->arena, &outgoing);
	if (error.class == ERROR_REJECT)
		return item_end(delivery, item, false);
	return is_error(&error) ? error : item_send(delivery, item, &outgoing, now);
}

struct error delivery_start(struct delivery *delivery, struct moment now)
{
	struct item *item;
	struct error error = OK;
	while (!is_error(&error) && (item = item_next(delivery, now.steady_ms))) {
		error = item_start(delivery, item, now);
		arena_reset(delivery->arena);
	}
	return error;
}

/* ---- what is to come ---- */

size_t delivery_count_away(const struct delivery *delivery)
{
	size_t count = 0;
	for (size_t i = 0; i < delivery->destinations_count; i++)
		count += delivery->destinations[i].failures > 0;
	return count;
}

bool delivery_has_tried_all(const struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->count; i++) {
		const struct item *item = delivery->items[i];
		if (item->is_running ||
		    (item->tries == 0 && delivery->destinations[item->destination].failures == 0))
			return false;
	}
	return true;
}

int64_t delivery_next_ms(const struct delivery *delivery, int64_t steady_ms)
{
	int64_t next_ms = INT64_MAX;
	for (size_t i = 0; i < delivery->count; i++) {
		const struct item *item = delivery->items[i];
		const struct destination *destination = &delivery->destinations[item->destination];
		int64_t due_ms = item->next_ms;
		if (destination->failures > 0 && destination->next_ms > due_ms)
			due_ms = destination->next_ms;
		/* What is due and has no place gets one when another has ended. */
		if (!item->is_running && !item->is_over && due_ms > steady_ms && due_ms < next_ms)
			next_ms = due_ms;
	}
	return next_ms;
}
