#include "prune_place.h"

#include "enrold/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BESIDE_MAX = 10000000 };

/* ---- the folders ---- */

static void place_close(struct place *place)
{
	if (place->directory >= 0)
		close(place->directory);
	arena_free(place->arena);
	place->arena = NULL;
	place->beside = NULL;
	place->count = 0;
	place->directory = -1;
	place->is_open = false;
}

static void directory_open(struct place *place)
{
	place->directory =
	    openat(place->root, place->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	place->is_open = true;
}

void prune_places_init(struct place places[SPOOL_FOLDERS], int root, const char *feed)
{
	for (enum spool_folder kind = 0; kind < SPOOL_FOLDERS; kind++) {
		places[kind] =
		    (struct place){.kind = kind, .root = root, .feed = feed, .directory = -1};
		if (kind == SPOOL_ARCHIVE)
			continue; /* with the first run */
		spool_folder(kind, slice_of(feed), "", places[kind].path);
		directory_open(&places[kind]);
	}
}

void prune_places_done(struct place places[SPOOL_FOLDERS])
{
	for (enum spool_folder kind = 0; kind < SPOOL_FOLDERS; kind++)
		place_close(&places[kind]);
}

/* ---- what lies beside the files: "staff.R.csv.done" ---- */

static int beside_compare(const void *a, const void *b)
{
	const struct beside *left = a, *right = b;
	int runs = strcmp(left->run, right->run);
	return runs != 0 ? runs : strcmp(left->name, right->name);
}

static bool is_shown(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == '\x7F')
			return false;
	return true;
}

static struct error entries_list(struct place *place, DIR *listing)
{
	size_t room = 0;
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(listing))) {
		struct beside next = {.name = entry->d_name};
		if (!name_find_beside(entry->d_name, next.run) || !is_shown(entry->d_name) ||
		    place->count >= BESIDE_MAX)
			continue;
		next.name = arena_copy(place->arena, slice_of(entry->d_name)).bytes;
		if (place->count == room) {
			room = room * 2 + 64;
			place->beside = arena_grow(
			    place->arena, place->beside, place->count, room, sizeof *place->beside);
		}
		if (!place->beside || arena_has_failed(place->arena))
			return error_memory("listing files");
		place->beside[place->count++] = next;
	}
	return errno != 0 ? error_errno("cannot list %s", place->path) : OK;
}

static struct error beside_list(struct place *place)
{
	place->arena = arena_create();
	if (!place->arena)
		return error_memory("listing files");
	DIR *listing = place->directory < 0 ? NULL : disk_list(place->directory);
	if (!listing)
		return place->directory < 0 ? OK : error_errno("cannot list %s", place->path);
	struct error error = entries_list(place, listing);
	closedir(listing);
	if (place->count > 1)
		qsort(place->beside, place->count, sizeof *place->beside, beside_compare);
	return error;
}

const struct beside *prune_place_beside(const struct place *place, const char *run, size_t *count)
{
	size_t low = 0, high = place->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(place->beside[middle].run, run) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < place->count; ++*count)
		if (strcmp(place->beside[low + *count].run, run) != 0)
			break;
	return place->beside ? place->beside + low : NULL;
}

bool prune_place_is_reason(const char *name)
{
	static const char end[] = NAME_REASON;
	size_t length = strlen(name);
	return length >= sizeof end && strcmp(name + length - sizeof end + 1, end) == 0;
}

struct error prune_place_open(struct place *place, const char *run)
{
	char before[sizeof place->path];
	memcpy(before, place->path, sizeof before);
	spool_folder(place->kind, slice_of(place->feed), run, place->path);
	if (place->is_open && strcmp(before, place->path) != 0)
		place_close(place);
	if (!place->is_open)
		directory_open(place);
	return place->arena ? OK : beside_list(place);
}

/* ---- files ---- */

bool prune_place_has(const struct place *place, const char *name)
{
	char packed[FILE_NAME_SIZE + sizeof PACKED_SUFFIX];
	snprintf(packed, sizeof packed, "%s" PACKED_SUFFIX, name);
	return place->directory >= 0 &&
	       (disk_has(place->directory, name) || disk_has(place->directory, packed));
}

/* What cannot be unpacked is not as it was; nor is what cannot be read, while others can. */
struct error prune_place_hash(
    const struct place *place, const char *name, uint64_t bytes_max, struct packed_found *found)
{
	*found = (struct packed_found){.is_there = false};
	if (place->directory < 0)
		return OK;
	struct error error = packed_hash(place->directory, name, bytes_max, found);
	if (error.class != ERROR_REJECT && !error.is_lasting && !error.is_narrow)
		return error;
	*found = (struct packed_found){.is_there = true};
	return OK;
}

struct error prune_place_load(
    const struct place *place, const char *name, struct arena *arena, struct slice *text)
{
	int file;
	struct stat stat;
	*text = SLICE("");
	struct error error = packed_open(place->directory, name, PLACE_SUMMARY_MAX, &file);
	if (is_error(&error) || file < 0)
		return error;
	char *bytes = fstat(file, &stat) == 0 && stat.st_size <= PLACE_SUMMARY_MAX
	                  ? arena_alloc(arena, (size_t)stat.st_size + 1)
	                  : NULL;
	ssize_t size = bytes ? pread(file, bytes, (size_t)stat.st_size, 0) : -1;
	if (size < 0)
		error = error_errno("cannot read %s/%s", place->path, name);
	else
		*text = (struct slice){bytes, (size_t)size};
	close(file);
	return error;
}

void prune_place_print(
    const struct place *place, const char *name, bool is_packed, char path[PRUNE_PLACE_SIZE])
{
	snprintf(
	    path, PRUNE_PLACE_SIZE, "%s/%s%s", place->path, name, is_packed ? PACKED_SUFFIX : "");
}
