#include "enrold/orders.h"

#include "order_text.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MODE_ORDERS = 0750, MODE_ORDER = 0640, NAME_SIZE = 64 };
enum { PART_AGE_S = 3600 }; /* whoever writes so long is dead */

static const char *const names[ORDER_KINDS] = {
    [ORDER_PAUSE] = "pause",
    [ORDER_STOP] = "stop",
    [ORDER_DISCARD] = "discard",
    [ORDER_RELEASE] = "release",
    [ORDER_DECLINE] = "decline",
    [ORDER_UNDO] = "undo",
    [ORDER_PRUNE] = "prune",
    [ORDER_ACCEPT] = "accept",
};

const char *order_kind_name(enum order_kind kind)
{
	return names[kind];
}

struct error orders_open(int root, int *directory)
{
	return disk_open_directory(root, "orders", MODE_ORDERS, directory);
}

void order_file_name(enum order_kind kind, const char *subject, char name[ORDER_NAME_SIZE])
{
	snprintf(name, ORDER_NAME_SIZE, "%s.%.*s", names[kind], ORDER_SUBJECT_MAX, subject);
}

static bool is_subject(enum order_kind kind, const char *subject)
{
	int64_t epoch_us;
	return order_is_about_feed(kind) ? order_is_feed(subject)
	                                 : run_id_parse(subject, &epoch_us);
}

static bool name_parse(const char *name, struct order *order)
{
	for (enum order_kind kind = 0; kind < ORDER_KINDS; kind++) {
		size_t length = strlen(names[kind]);
		if (strncmp(name, names[kind], length) != 0 || name[length] != '.')
			continue;
		const char *subject = name + length + 1;
		order->kind = kind;
		if (!is_subject(kind, subject))
			return false;
		snprintf(order->subject, sizeof order->subject, "%s", subject);
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

/* ---- carried out just now ---- */

static bool made_is(int node, const char *run, const char *line)
{
	char path[NAME_MAX + 16], text[64];
	snprintf(path, sizeof path, "%s/" ORDERS_MADE, run);
	int file = openat(node, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);
	if (file >= 0)
		close(file);
	text[size > 0 ? size : 0] = '\0';
	return strncmp(text, line, strlen(line)) == 0;
}

static bool node_makes(int work, const char *name, const char *line)
{
	bool is_there = false;
	const struct dirent *run;
	int node = openat(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *runs = node < 0 ? NULL : disk_list(node);
	while (runs && !is_there && (run = readdir(runs)))
		is_there = run->d_name[0] != '.' && made_is(node, run->d_name, line);
	if (runs)
		closedir(runs);
	if (node >= 0)
		close(node);
	return is_there;
}

struct error orders_find_under_way(
    int root, enum order_kind kind, const char *subject, bool *is_under_way)
{
	char line[ORDER_NAME_SIZE + 2];
	const struct dirent *node;
	*is_under_way = false;
	snprintf(line, sizeof line, "%s %s\n", names[kind], subject);
	int work = openat(root, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work < 0)
		return errno == ENOENT ? OK : error_errno("cannot open work/");
	DIR *nodes = disk_list(work);
	while (nodes && !*is_under_way && (node = readdir(nodes)))
		*is_under_way = node->d_name[0] != '.' && node_makes(work, node->d_name, line);
	struct error error = nodes ? OK : error_errno("cannot list work/");
	if (nodes)
		closedir(nodes);
	close(work);
	return error;
}

/* ---- what they say ---- */

/* Whatever is no file, or too long, says nothing. */
static struct error file_read(
    int directory, const char *name, char text[ORDER_TEXT_MAX + 1], size_t *size)
{
	int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t taken = file < 0 ? -1 : read(file, text, ORDER_TEXT_MAX + 1);
	bool is_none = taken < 0 && (errno == ENOENT || errno == ELOOP || errno == EISDIR ||
	                                errno == ENXIO || errno == EAGAIN);
	struct error error =
	    taken < 0 && !is_none ? error_errno("cannot read orders/%s", name) : OK;
	if (file >= 0)
		close(file);
	*size = taken > 0 && taken <= ORDER_TEXT_MAX ? (size_t)taken : 0;
	return error;
}

/* order has its kind and subject. */
static struct error order_look(int directory, struct arena *arena, struct order *order)
{
	char name[ORDER_NAME_SIZE], text[ORDER_TEXT_MAX + 1];
	size_t size;
	order_file_name(order->kind, order->subject, name);
	struct error error = file_read(directory, name, text, &size);
	struct error understood = order_understand((struct slice){text, size}, arena, order);
	return is_error(&error) ? error : understood;
}

/* Of those that need no more than their name, nothing else is looked at. */
static bool order_counts(const struct order *order)
{
	return !order_is_for_run(order->kind) || *order->feed != '\0';
}

static struct order order_of(enum order_kind kind, const char *subject)
{
	struct order order = {.kind = kind};
	snprintf(order.subject, sizeof order.subject, "%s", subject);
	return order;
}

void order_read(int directory, enum order_kind kind, const char *subject, struct order *order)
{
	struct order read = order_of(kind, subject); /* the subject may be in *order */
	*order = read;
	struct error error = order_look(directory, NULL, order);
	(void)error; /* then it says nothing */
}

struct error order_stands(int directory, enum order_kind kind, const char *subject, bool *stands)
{
	char name[ORDER_NAME_SIZE];
	order_file_name(kind, subject, name);
	struct error error = name_find(directory, name, stands);
	if (is_error(&error) || !*stands || !order_is_for_run(kind))
		return error;
	struct order order = order_of(kind, subject);
	error = order_look(directory, NULL, &order);
	*stands = order_counts(&order);
	return error;
}

struct error order_load_text(int directory, enum order_kind kind, const char *subject,
    struct arena *arena, struct slice *text)
{
	struct order order = order_of(kind, subject);
	struct buffer said = {0};
	*text = (struct slice){NULL, 0};
	struct error error = order_look(directory, arena, &order);
	if (!is_error(&error) && *order.feed)
		error = order_format(&order, &said);
	if (!is_error(&error) && said.size > 0)
		*text = arena_copy(arena, (struct slice){said.bytes, said.size - 1});
	buffer_done(&said);
	return is_error(&error) || !arena_has_failed(arena) ? error
	                                                    : error_memory("reading an order");
}

/* ---- all of them ---- */

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

/* What nobody may read says nothing, as ever; trouble of the disk is no reason not to hear a word
 * that has to be carried out. */
static struct error order_hear(int directory, struct order *order)
{
	struct error error = order_look(directory, NULL, order);
	bool matters = order_is_for_run(order->kind) && !error.is_lasting;
	return matters ? error : OK;
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
		error = order_hear(directory, &order);
		if (!is_error(&error) && order_counts(&order))
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

/* Under a name that is no order's, then moved: what stands is whole, and obeyed at once. Whoever
 * gives the same at the same time finds it there. What lies there and counts for nothing is
 * replaced. */
static struct error text_store(
    int directory, const struct order *order, struct slice text, bool *is_given)
{
	char name[ORDER_NAME_SIZE], part[ORDER_NAME_SIZE + 40];
	bool is_taken = false, stands = false;
	order_file_name(order->kind, order->subject, name);
	snprintf(part, sizeof part, ".%s.%ld.tmp", name, (long)syscall(SYS_gettid));
	unlinkat(directory, part, 0); /* of somebody killed */
	struct error error = disk_create(directory, part, MODE_ORDER, text);
	if (!is_error(&error))
		error = disk_move_unless(directory, part, directory, name, &is_taken);
	if (!is_error(&error) && is_taken)
		error = order_stands(directory, order->kind, order->subject, &stands);
	if (!is_error(&error) && is_taken && !stands &&
	    renameat(directory, part, directory, name) < 0)
		error = error_errno("cannot write orders/%s", name);
	if (is_error(&error) || stands)
		unlinkat(directory, part, 0);
	*is_given = !is_error(&error) && !stands;
	return error;
}

struct error order_give_first(int directory, const struct order *order, bool *is_given)
{
	struct buffer text = {0};
	*is_given = false;
	struct error error = order_format(order, &text);
	if (!is_error(&error))
		error = text_store(directory, order, buffer_slice(&text), is_given);
	buffer_done(&text);
	return is_error(&error) ? error : disk_sync(directory, ".");
}

struct error order_give(int directory, const struct order *order)
{
	bool is_given;
	return order_give_first(directory, order, &is_given);
}

struct error order_withdraw(int directory, enum order_kind kind, const char *subject)
{
	char name[ORDER_NAME_SIZE];
	order_file_name(kind, subject, name);
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return error_errno("cannot remove orders/%s", name);
	return disk_sync(directory, ".");
}
