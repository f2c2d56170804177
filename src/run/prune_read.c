/*
 * prune_read: the list of a run that prunes, line by line.
 */
#include "prune_list.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct reading {
	int file;
	char bytes[16 << 10]; /* more than one line */
	size_t size;
	bool is_ended;
};

static struct error fill(struct reading *reading)
{
	ssize_t size;
	do
		size = read(reading->file, reading->bytes + reading->size,
		    sizeof reading->bytes - reading->size);
	while (size < 0 && errno == EINTR);
	reading->is_ended = size == 0;
	reading->size += size > 0 ? (size_t)size : 0;
	return size < 0 ? error_errno("cannot read what is to be pruned") : OK;
}

/* Whole lines alone; the rest moves to the front. */
static struct error lines_take(struct reading *reading, prune_on_row *on_row, void *context)
{
	struct error error = OK;
	struct slice rest = {reading->bytes, reading->size};
	while (!is_error(&error) && slice_has(rest, '\n')) {
		struct prune_row row;
		struct slice line = slice_take(&rest, '\n');
		if (prune_row_parse(line, &row)) /* not the header */
			error = on_row(context, &row);
	}
	if (rest.size == sizeof reading->bytes)
		rest.size = 0; /* no line of ours */
	memmove(reading->bytes, rest.bytes, rest.size);
	reading->size = rest.size;
	return error;
}

struct error prune_read(int file, prune_on_row *on_row, void *context)
{
	struct reading reading = {.file = file};
	struct error error = OK;
	while (!is_error(&error) && !reading.is_ended) {
		error = fill(&reading);
		if (!is_error(&error))
			error = lines_take(&reading, on_row, context);
	}
	return error;
}

int prune_list_open(const struct run *run)
{
	int file =
	    openat(run->directory, RUN_INPUT, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file >= 0 || errno != ENOENT || run->box < 0 || !*run->name)
		return file;
	return openat(run->box, run->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}
