#include "enrold/held.h"

#include "jsonin.h"

#include "enrold/cut.h"
#include "enrold/disk.h"
#include "enrold/jsonout.h"
#include "enrold/naming.h"
#include "enrold/value.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A card has no more bytes: each of its texts may be escaped, letter by letter. */
enum { MODE_HELD = 0750, MODE_CARD = 0640, TEXT_MAX = 8192 };

static struct error held_root_open(int root, int *held)
{
	*held = openat(root, "held", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *held < 0 && errno != ENOENT ? error_errno("cannot open held/") : OK;
}

struct error held_open(int root, const char *feed, int *directory)
{
	int held;
	struct error error = disk_open_directory(root, "held", MODE_HELD, &held);
	if (is_error(&error))
		return error;
	error = disk_open_directory(held, feed, MODE_HELD, directory);
	close(held);
	return is_error(&error) ? error_wrap(error, "held") : OK;
}

/* ---- writing ---- */

static json_t *shown(const char *text)
{
	struct buffer out = {0};
	value_show(slice_of(text), &out);
	json_t *value = out.failed ? NULL : json_stringn(out.bytes ? out.bytes : "", out.size);
	buffer_done(&out);
	return value;
}

static struct error card_format(const struct held_plan *plan, struct buffer *text)
{
	json_t *object = json_pack("{s:s, s:s, s:o, s:s, s:b, s:s, s:o, s:I, s:I, s:I, s:I}", "run",
	    plan->run, "feed", plan->feed, "file", shown(plan->file), "plan", plan->sha256, "whole",
	    plan->is_whole, "code", plan->code, "reason", shown(plan->reason), "rows",
	    (json_int_t)plan->rows, "people", (json_int_t)plan->people, "owner",
	    (json_int_t)plan->owner_uid, "since", (json_int_t)plan->since_s);
	jsonout_add(text, object, JSON_COMPACT);
	buffer_add_char(text, '\n');
	json_decref(object);
	return text->failed ? error_memory("writing the card of a plan") : OK;
}

/* Under a name that is no card's, and that the next attempt takes again, then moved. */
static struct error card_store(int directory, const struct held_plan *plan, struct slice text)
{
	char part[RUN_ID_SIZE + 16], name[FILE_NAME_SIZE];
	snprintf(part, sizeof part, ".%s.tmp", plan->run);
	naming_find(
	    directory, ".", &(struct naming){plan->file, plan->run, HELD_CARD, false}, name);
	unlinkat(directory, part, 0); /* of somebody killed */
	struct error error = disk_create(directory, part, MODE_CARD, text);
	if (!is_error(&error) && renameat(directory, part, directory, name) < 0)
		error = error_errno("cannot put %s in its place", name);
	if (is_error(&error))
		unlinkat(directory, part, 0);
	return error;
}

struct error held_write_card(int directory, const struct held_plan *plan)
{
	struct buffer text = {0};
	struct error error = card_format(plan, &text);
	if (!is_error(&error))
		error = card_store(directory, plan, buffer_slice(&text));
	buffer_done(&text);
	return is_error(&error) ? error : disk_sync(directory, ".");
}

/* ---- one card ---- */

static void text_take(const json_t *card, const char *name, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(card, name));
	snprintf(text, size, "%.*s", CUT_ARG(value ? value : "", size - 1));
}

/* What is longer than it can be is nothing. */
static void word_take(const json_t *card, const char *name, char *word, size_t size)
{
	const json_t *value = json_object_get(card, name);
	bool is_word = json_is_string(value) && json_string_length(value) < size;
	snprintf(word, size, "%s", is_word ? json_string_value(value) : "");
}

static uint64_t count_take(const json_t *card, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(card, name));
	return value > 0 ? (uint64_t)value : 0;
}

static int64_t owner_take(const json_t *card)
{
	const json_t *owner = json_object_get(card, "owner");
	return json_is_integer(owner) && json_integer_value(owner) >= 0 ? json_integer_value(owner)
	                                                                : -1;
}

static void card_parse(const json_t *card, struct held_plan *plan)
{
	*plan = (struct held_plan){.is_whole = json_is_true(json_object_get(card, "whole")),
	    .rows = count_take(card, "rows"),
	    .people = count_take(card, "people"),
	    .owner_uid = owner_take(card),
	    .since_s = json_integer_value(json_object_get(card, "since"))};
	word_take(card, "run", plan->run, sizeof plan->run);
	word_take(card, "feed", plan->feed, sizeof plan->feed);
	word_take(card, "file", plan->file, sizeof plan->file);
	word_take(card, "plan", plan->sha256, sizeof plan->sha256);
	text_take(card, "code", plan->code, sizeof plan->code);
	text_take(card, "reason", plan->reason, sizeof plan->reason);
}

/* It is where it says that it belongs. */
static bool card_is_of(const struct held_plan *plan, const char *feed, const char *name)
{
	int64_t epoch_us;
	const struct naming own = {plan->file, plan->run, HELD_CARD, false};
	if (!run_id_parse(plan->run, &epoch_us) || strcmp(plan->feed, feed) != 0 ||
	    strspn(plan->sha256, "0123456789abcdef") != HASH_TEXT_SIZE)
		return false;
	return naming_is(&own, name);
}

/* It went between the listing and the look, or is a link, a pipe, or whatever else is no file. */
static bool is_no_file(int reason)
{
	return reason == ENOENT || reason == ELOOP || reason == ENXIO || reason == ENODEV;
}

/* *size 0: it is no card. */
static struct error card_read(int directory, const char *name, char text[TEXT_MAX], size_t *size)
{
	struct stat stat;
	*size = 0;
	int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return is_no_file(errno) ? OK : error_errno("cannot open held/.../%s", name);
	ssize_t got = fstat(file, &stat) < 0   ? -1
	              : !S_ISREG(stat.st_mode) ? 0
	                                       : pread(file, text, TEXT_MAX, 0);
	struct error error = got < 0 ? error_errno("cannot read held/.../%s", name) : OK;
	close(file);
	*size = got > 0 ? (size_t)got : 0;
	return error;
}

static struct error card_load(
    int directory, const char *feed, const char *name, struct held_plan *plan)
{
	char text[TEXT_MAX];
	size_t size;
	*plan = (struct held_plan){0};
	struct error error = card_read(directory, name, text, &size);
	json_t *card = NULL;
	if (!is_error(&error) && size > 0)
		error = jsonin_load((struct slice){text, size}, "reading a card in held/", &card);
	if (card)
		card_parse(card, plan);
	if (!card_is_of(plan, feed, name))
		*plan = (struct held_plan){0};
	json_decref(card);
	return error;
}

/* ---- all cards ---- */

/* False: no more are wanted. */
typedef bool on_card(void *context, const struct held_plan *plan);

struct visit {
	const char *feed, *run; /* NULL: all; else theirs alone is read */
	on_card *on_card;
	void *context;
	bool is_over;
};

static bool is_wanted(const struct visit *visit, const char *name)
{
	char end[RUN_ID_SIZE + sizeof HELD_CARD + 1];
	size_t length = strlen(name);
	snprintf(end, sizeof end, "%s%s%s", visit->run ? "." : "", visit->run ? visit->run : "",
	    HELD_CARD);
	return name[0] != '.' && length > strlen(end) &&
	       strcmp(name + length - strlen(end), end) == 0;
}

static struct error cards_visit(struct visit *visit, int directory, DIR *listing, const char *feed)
{
	struct error error = OK;
	struct held_plan plan;
	const struct dirent *entry;
	while (!is_error(&error) && !visit->is_over && (errno = 0, entry = readdir(listing))) {
		if (!is_wanted(visit, entry->d_name))
			continue;
		error = card_load(directory, feed, entry->d_name, &plan);
		if (!is_error(&error) && *plan.run)
			visit->is_over = !visit->on_card(visit->context, &plan);
	}
	return is_error(&error) || visit->is_over || errno == 0 ? error
	                                                        : error_errno("cannot list held/");
}

/* Nothing is a feed's folder but a folder; what else lies in held/ came late. */
static struct error feed_visit(struct visit *visit, int held, const char *feed)
{
	int directory = openat(held, feed, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return is_no_file(errno) || errno == ENOTDIR
		           ? OK
		           : error_errno("cannot open held/%s", feed);
	DIR *listing = disk_list(directory);
	struct error error = listing ? cards_visit(visit, directory, listing, feed)
	                             : error_errno("cannot list held/%s", feed);
	if (listing)
		closedir(listing);
	close(directory);
	return error;
}

static bool is_feed(const char *name)
{
	size_t length = strlen(name);
	return length > 0 && length <= FEED_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

static struct error feeds_visit(struct visit *visit, int held)
{
	struct error error = OK;
	const struct dirent *entry;
	DIR *listing = disk_list(held);
	if (!listing)
		return error_errno("cannot list held/");
	while (!is_error(&error) && !visit->is_over && (errno = 0, entry = readdir(listing)))
		if (is_feed(entry->d_name))
			error = feed_visit(visit, held, entry->d_name);
	if (!is_error(&error) && !visit->is_over && errno != 0)
		error = error_errno("cannot list held/");
	closedir(listing);
	return error;
}

static struct error held_visit(struct visit *visit, int root)
{
	int held;
	struct error error = held_root_open(root, &held);
	if (is_error(&error) || held < 0)
		return error;
	error = visit->feed ? feed_visit(visit, held, visit->feed) : feeds_visit(visit, held);
	close(held);
	return error;
}

/* ---- what is asked ---- */

struct gathering {
	struct held_plans *plans;
	size_t room;
	bool has_failed;
};

static bool on_any(void *context, const struct held_plan *plan)
{
	struct gathering *gathering = context;
	struct held_plans *plans = gathering->plans;
	if (plans->count == gathering->room) {
		size_t room = gathering->room * 2 + 16;
		struct held_plan *items = reallocarray(plans->items, room, sizeof *items);
		gathering->has_failed = !items;
		if (!items)
			return false;
		plans->items = items;
		gathering->room = room;
	}
	plans->items[plans->count++] = *plan;
	return plans->count < HELD_MAX;
}

static int plans_compare(const void *a, const void *b)
{
	const struct held_plan *left = a, *right = b;
	int feeds = strcmp(left->feed, right->feed);
	return feeds != 0 ? feeds : strcmp(left->run, right->run);
}

struct error held_load(int root, const char *feed, struct held_plans *plans)
{
	*plans = (struct held_plans){0};
	struct gathering gathering = {.plans = plans};
	struct visit visit = {.feed = feed, .on_card = on_any, .context = &gathering};
	struct error error = held_visit(&visit, root);
	if (!is_error(&error) && gathering.has_failed)
		error = error_memory("reading held/");
	if (is_error(&error))
		held_free(plans);
	else if (plans->count > 0)
		qsort(plans->items, plans->count, sizeof *plans->items, plans_compare);
	return error;
}

void held_free(struct held_plans *plans)
{
	free(plans->items);
	*plans = (struct held_plans){0};
}

static bool on_found(void *context, const struct held_plan *plan)
{
	*(struct held_plan *)context = *plan;
	return false;
}

struct error held_find(int root, const char *run, struct held_plan *plan)
{
	struct visit visit = {.run = run, .on_card = on_found, .context = plan};
	int64_t epoch_us;
	*plan = (struct held_plan){.owner_uid = -1};
	return run_id_parse(run, &epoch_us) ? held_visit(&visit, root) : OK;
}

static bool on_whole(void *context, const struct held_plan *plan)
{
	bool *has = context;
	*has = plan->is_whole;
	return !*has;
}

struct error held_has_whole(int root, const char *feed, bool *has)
{
	struct visit visit = {.feed = feed, .on_card = on_whole, .context = has};
	*has = false;
	return held_visit(&visit, root);
}
