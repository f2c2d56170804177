#include "platter.h"

#include "fatal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

/* ---- files ---- */

/* A change of a file's bytes that no fsync has covered; size 0: a new length. */
struct patch {
	uint64_t offset;
	struct buffer bytes;
	bool is_length;
};

struct node {
	bool is_directory;
	mode_t mode;
	struct buffer flushed;
	struct patch *patches;
	size_t patches_count;
};

/* ---- names ---- */

struct name {
	char *path;
	size_t node;
};

struct names {
	struct name *all;
	size_t count;
};

enum change_kind { CHANGE_ADD, CHANGE_REMOVE, CHANGE_MOVE };

struct change {
	enum change_kind kind;
	char *path, *to;
	size_t node;
	bool is_flushed;
};

struct platter {
	char *root;
	struct node *nodes;
	size_t nodes_count;
	struct names before, now;
	struct change *changes;
	size_t changes_count;
	size_t ordered; /* so many changes are safe where names are kept in order */
};

static void *grow(void *array, size_t count, size_t size)
{
	void *grown = reallocarray(array, count + 1, size);
	if (!grown)
		fatal("out of memory");
	return grown;
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		fatal("out of memory");
	return copy;
}

static size_t find(const struct names *names, const char *path)
{
	size_t i = 0;
	while (i < names->count && strcmp(names->all[i].path, path) != 0)
		i++;
	return i; /* count: none */
}

static void add(struct names *names, const char *path, size_t node)
{
	names->all = grow(names->all, names->count, sizeof *names->all);
	names->all[names->count++] = (struct name){copy_of(path), node};
}

static void drop(struct names *names, size_t index)
{
	free(names->all[index].path);
	names->all[index] = names->all[--names->count];
}

/* False: that cannot be. */
static bool change_apply(struct names *names, const struct change *change)
{
	size_t at = find(names, change->path);
	bool is_there = at < names->count;
	if (change->kind == CHANGE_ADD) {
		if (!is_there)
			add(names, change->path, change->node);
		return !is_there;
	}
	/* A name that was flushed is there, whichever of the file's earlier ones were lost. */
	for (size_t i = 0; change->is_flushed && !is_there && i < names->count; i++) {
		is_there = change->kind == CHANGE_MOVE && names->all[i].node == change->node;
		at = i;
	}
	bool is_new = change->kind == CHANGE_MOVE && change->is_flushed && !is_there;
	if (!is_there && !is_new)
		return false;
	if (is_there)
		drop(names, at);
	if (change->kind == CHANGE_REMOVE)
		return true;
	size_t old = find(names, change->to);
	if (old < names->count)
		drop(names, old);
	add(names, change->to, change->node);
	return true;
}

static void change_note(
    struct platter *platter, enum change_kind kind, const char *path, const char *to, size_t node)
{
	if (kind != CHANGE_ADD)
		node = platter->now.all[find(&platter->now, path)].node;
	struct change change = {kind, copy_of(path), to ? copy_of(to) : NULL, node, false};
	change_apply(&platter->now, &change);
	platter->changes = grow(platter->changes, platter->changes_count, sizeof change);
	platter->changes[platter->changes_count++] = change;
}

/* ---- what it is told ---- */

static size_t node_make(struct platter *platter, bool is_directory, mode_t mode)
{
	platter->nodes = grow(platter->nodes, platter->nodes_count, sizeof *platter->nodes);
	platter->nodes[platter->nodes_count] =
	    (struct node){.is_directory = is_directory, .mode = mode};
	return platter->nodes_count++;
}

static struct node *node_of(struct platter *platter, const char *path)
{
	size_t at = find(&platter->now, path);
	return at < platter->now.count ? &platter->nodes[platter->now.all[at].node] : NULL;
}

static void patch_add(
    struct node *node, uint64_t offset, const void *bytes, size_t size, bool is_length)
{
	node->patches = grow(node->patches, node->patches_count, sizeof *node->patches);
	struct patch *patch = &node->patches[node->patches_count++];
	*patch = (struct patch){.offset = offset, .is_length = is_length};
	buffer_add(&patch->bytes, bytes, size);
}

static void length_set(struct buffer *data, uint64_t size)
{
	while (data->size < size)
		buffer_add_char(data, '\0');
	data->size = size;
}

static void patch_apply(struct buffer *data, const struct patch *patch)
{
	if (patch->is_length) {
		length_set(data, patch->offset);
		return;
	}
	if (data->size < patch->offset + patch->bytes.size)
		length_set(data, patch->offset + patch->bytes.size);
	if (data->failed)
		fatal("out of memory");
	if (patch->bytes.size > 0)
		memcpy(data->bytes + patch->offset, patch->bytes.bytes, patch->bytes.size);
}

static uint64_t size_of(const struct node *node)
{
	uint64_t size = node->flushed.size;
	for (size_t i = 0; i < node->patches_count; i++) {
		const struct patch *patch = &node->patches[i];
		uint64_t end = patch->offset + patch->bytes.size;
		size = patch->is_length || end > size ? end : size;
	}
	return size;
}

void platter_make_directory(struct platter *platter, const char *path)
{
	if (!node_of(platter, path))
		change_note(platter, CHANGE_ADD, path, NULL, node_make(platter, true, 0750));
}

void platter_create(struct platter *platter, const char *path, mode_t mode, bool truncates)
{
	if (!node_of(platter, path))
		change_note(platter, CHANGE_ADD, path, NULL, node_make(platter, false, mode));
	else if (truncates)
		platter_truncate(platter, path, 0);
}

void platter_write(
    struct platter *platter, const char *path, uint64_t offset, const void *bytes, size_t size)
{
	struct node *node = node_of(platter, path);
	if (node)
		patch_add(node, offset, bytes, size, false);
}

void platter_append(struct platter *platter, const char *path, const void *bytes, size_t size)
{
	struct node *node = node_of(platter, path);
	if (node)
		patch_add(node, size_of(node), bytes, size, false);
}

void platter_truncate(struct platter *platter, const char *path, uint64_t size)
{
	struct node *node = node_of(platter, path);
	if (node)
		patch_add(node, size, "", 0, true);
}

void platter_rename(struct platter *platter, const char *path, const char *to, bool replaces)
{
	if (node_of(platter, path) && (replaces || !node_of(platter, to)))
		change_note(platter, CHANGE_MOVE, path, to, 0);
}

/* A directory goes only when it is empty. */
static bool is_empty(const struct platter *platter, const char *path)
{
	size_t length = strlen(path);
	for (size_t i = 0; i < platter->now.count; i++)
		if (text_starts(platter->now.all[i].path, path) &&
		    platter->now.all[i].path[length] == '/')
			return false;
	return true;
}

void platter_unlink(struct platter *platter, const char *path)
{
	if (node_of(platter, path) && is_empty(platter, path))
		change_note(platter, CHANGE_REMOVE, path, NULL, 0);
}

static bool is_in(const char *path, const char *directory)
{
	size_t length = strlen(directory);
	return path && text_starts(path, directory) && path[length] == '/' &&
	       !strchr(path + length + 1, '/');
}

void platter_sync(struct platter *platter, const char *path)
{
	struct node *node = node_of(platter, path);
	platter->ordered = platter->changes_count;
	if (!node)
		return;
	for (size_t i = 0; i < node->patches_count; i++) {
		patch_apply(&node->flushed, &node->patches[i]);
		buffer_done(&node->patches[i].bytes);
	}
	node->patches_count = 0;
	for (size_t i = 0; node->is_directory && i < platter->changes_count; i++)
		platter->changes[i].is_flushed |=
		    is_in(platter->changes[i].path, path) || is_in(platter->changes[i].to, path);
}

/* ---- making, and cutting ---- */

struct platter *platter_load(const char *directory)
{
	struct platter *platter = calloc(1, sizeof *platter);
	if (!platter)
		fatal("out of memory");
	platter->root = copy_of(directory);
	struct listing listing = files_list(directory);
	size_t root = node_make(platter, true, 0750);
	add(&platter->before, directory, root);
	add(&platter->now, directory, root);
	for (size_t i = 0; i < listing.count; i++) {
		if (S_ISSOCK(listing.entries[i].mode))
			continue; /* the next start makes its own */
		struct path path = path_of("%s/%s", directory, listing.entries[i].path);
		size_t node = node_make(
		    platter, S_ISDIR(listing.entries[i].mode), listing.entries[i].mode & 07777);
		if (!platter->nodes[node].is_directory)
			platter->nodes[node].flushed = files_read(path.text);
		add(&platter->before, path.text, node);
		add(&platter->now, path.text, node);
	}
	listing_done(&listing);
	return platter;
}

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->all[i].path);
	free(names->all);
}

void platter_free(struct platter *platter)
{
	for (size_t i = 0; i < platter->nodes_count; i++) {
		struct node *node = &platter->nodes[i];
		for (size_t j = 0; j < node->patches_count; j++)
			buffer_done(&node->patches[j].bytes);
		free(node->patches);
		buffer_done(&node->flushed);
	}
	for (size_t i = 0; i < platter->changes_count; i++) {
		free(platter->changes[i].path);
		free(platter->changes[i].to);
	}
	names_done(&platter->before);
	names_done(&platter->now);
	free(platter->nodes);
	free(platter->changes);
	free(platter->root);
	free(platter);
}

/* The names that are left. */
static struct names names_cut(
    const struct platter *platter, enum platter_kind kind, unsigned int *seed)
{
	struct names left = {0};
	size_t unsafe = platter->changes_count - platter->ordered;
	size_t ordered = platter->ordered + (unsafe ? (size_t)rand_r(seed) % (unsafe + 1) : 0);
	for (size_t i = 0; i < platter->before.count; i++)
		add(&left, platter->before.all[i].path, platter->before.all[i].node);
	for (size_t i = 0; i < platter->changes_count; i++) {
		const struct change *change = &platter->changes[i];
		bool is_kept =
		    kind == PLATTER_ORDERED ? i < ordered : change->is_flushed || rand_r(seed) % 2;
		if (is_kept)
			change_apply(&left, change);
	}
	return left;
}

static void file_cut(const struct node *node, unsigned int *seed, const char *path)
{
	struct buffer data = {0};
	int luck = rand_r(seed) % 3; /* none of the rest, all of it, or some */
	buffer_add(&data, node->flushed.bytes ? node->flushed.bytes : "", node->flushed.size);
	for (size_t i = 0; i < node->patches_count; i++)
		if (luck == 1 || (luck == 2 && rand_r(seed) % 2))
			patch_apply(&data, &node->patches[i]);
	files_write(path, data.bytes ? data.bytes : "", data.size, node->mode);
	const struct utimbuf times = {1700000000, 1700000000};
	if (utime(path, &times) != 0)
		fatal("cannot set the time of %s", path);
	buffer_done(&data);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->path, ((const struct name *)b)->path);
}

/* A name whose directory is not there is lost with it. */
void platter_cut(
    const struct platter *platter, enum platter_kind kind, unsigned int seed, const char *directory)
{
	struct names left = names_cut(platter, kind, &seed);
	struct listing listing = files_list(directory);
	for (size_t i = 0; i < listing.count; i++)
		files_remove(path_of("%s/%s", directory, listing.entries[i].path).text);
	listing_done(&listing);
	qsort(left.all, left.count, sizeof *left.all, by_path);
	for (size_t i = 0; i < left.count; i++) {
		const struct node *node = &platter->nodes[left.all[i].node];
		struct path path =
		    path_of("%s%s", directory, left.all[i].path + strlen(platter->root));
		struct path above = path;
		*strrchr(above.text, '/') = '\0';
		if (i > 0 && !files_exist(above.text))
			continue;
		if (!node->is_directory)
			file_cut(node, &seed, path.text);
		else if (i > 0)
			files_make_directory(path.text);
	}
	names_done(&left);
}
