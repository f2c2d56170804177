/* checkpoint_files: what lies in outbox/checkpoints, and how it gets there. */
#include "checkpoint_state.h"

#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/note.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NUMBER_DIGITS = 10 };

static const char ending[] = ".note";

void checkpoint_name(uint64_t number, char name[FILE_NAME_SIZE])
{
	snprintf(name, FILE_NAME_SIZE, "%0*" PRIu64 "%s", NUMBER_DIGITS, number, ending);
}

/* 0: it is no note's name. */
static uint64_t number_of(const char *name)
{
	size_t digits = strspn(name, "0123456789");
	bool is_note = digits == NUMBER_DIGITS && strcmp(name + digits, ending) == 0;
	return is_note ? strtoull(name, NULL, 10) : 0;
}

typedef bool on_number(void *context, uint64_t number);

/* Calls for each note, in no order; false ends it for want of memory. */
static struct error each_note(int directory, on_number *on_note, void *context)
{
	DIR *listing = disk_list(directory);
	if (!listing)
		return error_errno("cannot list outbox/" CHECKPOINTS);
	struct error error = OK;
	const struct dirent *entry;
	while (!is_error(&error) && (errno = 0, entry = readdir(listing))) {
		uint64_t number = number_of(entry->d_name);
		if (number > 0 && !on_note(context, number))
			error = error_memory("listing checkpoints");
	}
	if (!is_error(&error) && errno != 0)
		error = error_errno("cannot list outbox/" CHECKPOINTS);
	closedir(listing);
	return error;
}

static bool newest_take(void *context, uint64_t number)
{
	uint64_t *newest = context;
	*newest = number > *newest ? number : *newest;
	return true;
}

struct error checkpoints_find_newest(int outbox, uint64_t *number, int64_t *made_s)
{
	char name[FILE_NAME_SIZE];
	struct stat stat;
	*number = 0;
	*made_s = 0;
	int directory =
	    openat(outbox, CHECKPOINTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? OK : error_errno("cannot open outbox/" CHECKPOINTS);
	struct error error = each_note(directory, newest_take, number);
	checkpoint_name(*number, name);
	if (*number > 0 && fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
		*made_s = (int64_t)stat.st_mtim.tv_sec;
	close(directory);
	return error;
}

struct numbers {
	uint64_t *items, behind;
	size_t count, room;
};

static bool number_add(void *context, uint64_t number)
{
	struct numbers *numbers = context;
	if (number <= numbers->behind)
		return true;
	if (numbers->count == numbers->room) {
		size_t room = numbers->room * 2 + 64;
		uint64_t *items = reallocarray(numbers->items, room, sizeof *items);
		if (!items)
			return false;
		numbers->items = items;
		numbers->room = room;
	}
	numbers->items[numbers->count++] = number;
	return true;
}

static int by_number(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
	return first < second ? -1 : first > second;
}

struct error checkpoints_list(int directory, uint64_t behind, uint64_t **items, size_t *count)
{
	struct numbers numbers = {.behind = behind};
	struct error error = each_note(directory, number_add, &numbers);
	if (numbers.count > 0)
		qsort(numbers.items, numbers.count, sizeof *numbers.items, by_number);
	*items = numbers.items;
	*count = numbers.count;
	return error;
}

struct error checkpoint_put(
    int directory, const char *node, const char *name, struct slice text, bool may_replace)
{
	char part[FILE_NAME_SIZE];
	bool is_taken = false;
	snprintf(part, sizeof part, ".%s.%s.part", name, node);
	struct error error = disk_create(directory, part, MODE_ANSWER, text);
	if (is_error(&error))
		return error_wrap(error, "outbox/" CHECKPOINTS);
	if (may_replace && renameat(directory, part, directory, name) < 0)
		error = error_errno("cannot rename %s in outbox/" CHECKPOINTS, part);
	else if (!may_replace)
		error = disk_move_unless(directory, part, directory, name, &is_taken);
	if (is_error(&error) || is_taken)
		unlinkat(directory, part, 0);
	return is_error(&error) ? error : disk_sync(directory, ".");
}

struct error checkpoint_is_of(int directory, const char *name, const char *head, bool *is_of)
{
	struct slice text = {NULL, 0};
	struct note note;
	struct arena *arena = arena_create();
	struct error error =
	    arena ? disk_load(directory, name, arena, &text) : error_memory("reading a checkpoint");
	*is_of = false;
	if (!is_error(&error) && text.bytes) {
		struct error fault = note_parse(text, &note);
		*is_of = !is_error(&fault) && strcmp(note.head, head) == 0;
	}
	arena_free(arena);
	return error;
}

struct error checkpoint_evade(int directory, const char *name)
{
	char evaded[FILE_NAME_SIZE];
	name_evade(evaded, name, "1");
	return disk_move(directory, name, directory, evaded, "old");
}

void checkpoints_tidy(int directory, const char *node)
{
	char part[FILE_NAME_SIZE];
	const struct dirent *entry;
	DIR *listing = disk_list(directory);
	size_t size = (size_t)snprintf(part, sizeof part, ".%s.part", node);
	while (listing && (entry = readdir(listing))) {
		size_t length = strlen(entry->d_name);
		bool is_ours = entry->d_name[0] == '.' &&
		               isxdigit((unsigned char)entry->d_name[1]) && length > size &&
		               strcmp(entry->d_name + length - size, part) == 0;
		if (is_ours)
			unlinkat(directory, entry->d_name, 0);
	}
	if (listing)
		closedir(listing);
}

/* ---- what the command has taken ---- */

struct error checkpoint_read_given(int directory, uint64_t *number, bool *has)
{
	char text[32] = "", *end = text;
	*number = 0;
	int file =
	    openat(directory, CHECKPOINT_GIVEN, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	*has = file >= 0 || errno != ENOENT;
	if (file < 0)
		return *has ? error_errno("cannot open outbox/" CHECKPOINTS "/" CHECKPOINT_GIVEN)
		            : OK;
	ssize_t size = pread(file, text, sizeof text - 1, 0);
	close(file);
	if (size < 0)
		return error_errno("cannot read outbox/" CHECKPOINTS "/" CHECKPOINT_GIVEN);
	if (isdigit((unsigned char)*text))
		*number = strtoull(text, &end, 10);
	return end > text && strcmp(end, "\n") == 0
	           ? OK
	           : error_config("outbox/" CHECKPOINTS "/" CHECKPOINT_GIVEN
	                          " is not the number of a note: write down there which was "
	                          "given last, or remove it");
}

struct error checkpoint_write_given(int directory, const char *node, uint64_t number)
{
	char text[32];
	int size = snprintf(text, sizeof text, "%" PRIu64 "\n", number);
	return checkpoint_put(
	    directory, node, CHECKPOINT_GIVEN, (struct slice){text, (size_t)size}, true);
}
