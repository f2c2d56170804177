#include "enrold/orders.h"

#include "enrold/cut.h"
#include "enrold/disk.h"
#include "enrold/jsonout.h"
#include "enrold/value.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MODE_ORDERS = 0750, MODE_ORDER = 0640, NAME_SIZE = 64, TEXT_MAX = 4096 };
enum { PART_AGE_S = 3600 }; /* whoever writes so long is dead */

static const char *const prefixes[ORDER_KINDS] = {
    [ORDER_PAUSE] = "pause.",
    [ORDER_STOP] = "stop.",
    [ORDER_DISCARD] = "discard.",
    [ORDER_RELEASE] = "release.",
    [ORDER_DECLINE] = "decline.",
    [ORDER_UNDO] = "undo.",
};

struct error orders_open(int root, int *directory)
{
	return disk_open_directory(root, "orders", MODE_ORDERS, directory);
}

static void name_of(enum order_kind kind, const char *subject, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%s%.*s", prefixes[kind], ORDER_SUBJECT_MAX, subject);
}

static bool is_subject(enum order_kind kind, const char *subject)
{
	int64_t epoch_us;
	size_t length = strlen(subject);
	if (kind != ORDER_PAUSE)
		return run_id_parse(subject, &epoch_us);
	return length > 0 && length <= FEED_NAME_MAX &&
	       strspn(subject, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

static bool name_parse(const char *name, struct order *order)
{
	for (enum order_kind kind = 0; kind < ORDER_KINDS; kind++) {
		size_t length = strlen(prefixes[kind]);
		if (strncmp(name, prefixes[kind], length) != 0)
			continue;
		order->kind = kind;
		if (!is_subject(kind, name + length))
			return false;
		snprintf(order->subject, sizeof order->subject, "%s", name + length);
		return true;
	}
	return false;
}

static struct error name_find(int directory, const char *name, bool *is_there)
{
	*is_there = faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	bool is_known = *is_there || errno == ENOENT || errno == ENOTDIR;
	return is_known ? OK : error_errno("cannot look for %s", name);
}

struct error order_stands(int directory, enum order_kind kind, const char *subject, bool *stands)
{
	char name[NAME_SIZE];
	name_of(kind, subject, name);
	return name_find(directory, name, stands);
}

static struct error nodes_search(int work, DIR *nodes, const char *run, bool *is_there)
{
	char path[PATH_MAX];
	const struct dirent *node;
	struct error error = OK;
	while (!is_error(&error) && !*is_there && (errno = 0, node = readdir(nodes))) {
		snprintf(path, sizeof path, "%s/%s", node->d_name, run);
		if (node->d_name[0] != '.')
			error = name_find(work, path, is_there);
	}
	return is_error(&error) || *is_there || errno == 0 ? error
	                                                   : error_errno("cannot list work/");
}

struct error orders_find_run(int root, const char *run, bool *is_in_work)
{
	*is_in_work = false;
	int work = openat(root, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work < 0)
		return errno == ENOENT ? OK : error_errno("cannot open work/");
	DIR *nodes = disk_list(work);
	struct error error =
	    nodes ? nodes_search(work, nodes, run, is_in_work) : error_errno("cannot list work/");
	if (nodes)
		closedir(nodes);
	close(work);
	return error;
}

static void text_take(const json_t *object, const char *name, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(object, name));
	snprintf(text, size, "%.*s", CUT_ARG(value ? value : "", size - 1));
}

static void texts_read(int directory, const char *name, struct order *order)
{
	char text[TEXT_MAX];
	int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof text);
	json_t *object = size > 0 ? json_loadb(text, (size_t)size, 0, NULL) : NULL;
	text_take(object, "by", order->by, sizeof order->by);
	text_take(object, "why", order->why, sizeof order->why);
	order->at_s = json_integer_value(json_object_get(object, "at"));
	json_decref(object);
	if (file >= 0)
		close(file);
}

void order_read(int directory, enum order_kind kind, const char *subject, struct order *order)
{
	char name[NAME_SIZE];
	*order = (struct order){.kind = kind};
	snprintf(order->subject, sizeof order->subject, "%s", subject);
	name_of(kind, subject, name);
	texts_read(directory, name, order);
}

static struct error order_add(struct orders *orders, size_t *room, const struct order *order)
{
	if (orders->count == *room) {
		*room = *room * 2 + 16;
		struct order *items = reallocarray(orders->items, *room, sizeof *items);
		if (!items)
			return error_memory("reading orders/");
		orders->items = items;
	}
	orders->items[orders->count++] = *order;
	return OK;
}

struct error orders_load(int directory, struct orders *orders)
{
	size_t room = 0, counts[ORDER_KINDS] = {0};
	struct error error = OK;
	const struct dirent *entry;
	*orders = (struct orders){0};
	DIR *listing = disk_list(directory);
	if (!listing)
		return error_errno("cannot list orders/");
	while (!is_error(&error) && (errno = 0, entry = readdir(listing))) {
		struct order order = {0};
		if (!name_parse(entry->d_name, &order) || counts[order.kind]++ >= ORDERS_MAX)
			continue;
		texts_read(directory, entry->d_name, &order);
		error = order_add(orders, &room, &order);
	}
	if (!is_error(&error) && errno != 0)
		error = error_errno("cannot list orders/");
	closedir(listing);
	if (is_error(&error))
		orders_free(orders);
	return error;
}

void orders_free(struct orders *orders)
{
	free(orders->items);
	*orders = (struct orders){0};
}

const struct order *orders_find(
    const struct orders *orders, enum order_kind kind, const char *subject)
{
	for (size_t i = 0; i < orders->count; i++)
		if (orders->items[i].kind == kind && strcmp(orders->items[i].subject, subject) == 0)
			return &orders->items[i];
	return NULL;
}

static bool is_left(int directory, const char *name)
{
	struct stat part;
	return name[0] == '.' && strstr(name, ".tmp") &&
	       fstatat(directory, name, &part, AT_SYMLINK_NOFOLLOW) == 0 &&
	       part.st_mtime < time(NULL) - PART_AGE_S;
}

void orders_tidy(int directory)
{
	const struct dirent *entry;
	DIR *listing = disk_list(directory);
	while (listing && (entry = readdir(listing)))
		if (is_left(directory, entry->d_name))
			unlinkat(directory, entry->d_name, 0);
	if (listing)
		closedir(listing);
}

static struct error order_format(const struct order *order, struct buffer *text)
{
	struct buffer by = {0}, why = {0};
	value_reveal(slice_of(order->by), &by);
	value_reveal(slice_of(order->why), &why);
	json_t *object =
	    by.failed || why.failed
	        ? NULL
	        : json_pack("{s:s%, s:s%, s:I}", "by", by.bytes ? by.bytes : "", by.size, "why",
	              why.bytes ? why.bytes : "", why.size, "at", (json_int_t)order->at_s);
	jsonout_add(text, object, JSON_COMPACT);
	buffer_add_char(text, '\n');
	json_decref(object);
	buffer_done(&by);
	buffer_done(&why);
	return text->failed ? error_memory("writing an order") : OK;
}

/* Under a name that is no order's, then moved: what stands is whole, and obeyed at once. Whoever
 * gives the same at the same time finds it there. */
static struct error text_store(int directory, const char *name, struct slice text)
{
	char part[NAME_SIZE + 40];
	bool is_taken = false;
	snprintf(part, sizeof part, ".%s.%ld.tmp", name, (long)syscall(SYS_gettid));
	unlinkat(directory, part, 0); /* of somebody killed */
	struct error error = disk_create(directory, part, MODE_ORDER, text);
	if (!is_error(&error))
		error = disk_move_unless(directory, part, directory, name, &is_taken);
	if (is_error(&error) || is_taken)
		unlinkat(directory, part, 0);
	return error;
}

struct error order_give(int directory, const struct order *order)
{
	char name[NAME_SIZE];
	struct buffer text = {0};
	name_of(order->kind, order->subject, name);
	struct error error = order_format(order, &text);
	if (!is_error(&error))
		error = text_store(directory, name, buffer_slice(&text));
	buffer_done(&text);
	return is_error(&error) ? error : disk_sync(directory, ".");
}

struct error order_withdraw(int directory, enum order_kind kind, const char *subject)
{
	char name[NAME_SIZE];
	name_of(kind, subject, name);
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return error_errno("cannot remove orders/%s", name);
	return disk_sync(directory, ".");
}
