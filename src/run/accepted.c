#include "enrold/accepted.h"

#include "enrold/csvout.h"
#include "enrold/disk.h"
#include "enrold/jsonout.h"
#include "enrold/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ACCEPTED ".accepted"

enum { MODE_ACCEPTED = 0640 };

/* ---- reading ---- */

typedef void on_line(void *context, json_t *line);

static struct error lines_read(int file, on_line *on, void *context)
{
	FILE *stream = fdopen(file, "r");
	char *line = NULL;
	size_t room = 0;
	if (!stream) {
		close(file);
		return error_memory("reading " ACCEPTED);
	}
	while (getline(&line, &room, stream) > 0) {
		json_t *object = json_loads(line, 0, NULL);
		on(context, object);
		json_decref(object);
	}
	struct error error = ferror(stream) ? error_errno("cannot read " ACCEPTED) : OK;
	free(line);
	fclose(stream);
	return error;
}

/* Each acceptance, the oldest first; NULL: a line that was not written whole. None: no file. */
static struct error each(const struct spool *spool, on_line *on, void *context)
{
	int file = openat(spool->root, ACCEPTED, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return errno == ENOENT ? OK : error_errno("cannot open " ACCEPTED);
	return lines_read(file, on, context);
}

/* ---- what has been accepted before ---- */

struct marking {
	struct lost *lost;
	size_t count;
	bool *is_accepted;
};

static int by_run(const void *key, const void *member)
{
	const struct lost *lost = member;
	return strcmp(key, lost->run);
}

/* What was accepted is the answer, not only its run. */
static void on_acceptance(void *context, json_t *line)
{
	const struct marking *marking = context;
	size_t index;
	const json_t *entry;
	json_array_foreach(json_object_get(line, "lost"), index, entry)
	{
		const char *run = json_string_value(json_object_get(entry, "run"));
		const char *sha256 = json_string_value(json_object_get(entry, "summary_sha256"));
		const struct lost *found =
		    run && marking->count > 0
		        ? bsearch(run, marking->lost, marking->count, sizeof *marking->lost, by_run)
		        : NULL;
		if (found && sha256 &&
		    (*found->sha256 == '\0' || strcmp(found->sha256, sha256) == 0))
			marking->is_accepted[found - marking->lost] = true;
	}
}

struct error accepted_remove(
    const struct spool *spool, struct lost *lost, size_t *count, size_t *accepted)
{
	size_t kept = 0;
	struct marking marking = {lost, *count, calloc(*count + 1, sizeof(bool))};
	*accepted = 0;
	if (!marking.is_accepted)
		return error_memory("reading " ACCEPTED);
	struct error error = each(spool, on_acceptance, &marking);
	for (size_t i = 0; i < *count; i++) {
		*accepted += marking.is_accepted[i] && !lost[i].is_harmless;
		if (!marking.is_accepted[i])
			lost[kept++] = lost[i];
	}
	*count = kept;
	free(marking.is_accepted);
	return error;
}

/* ---- the last as a list ---- */

static void cell_add(struct buffer *list, const json_t *entry, const char *name, char after)
{
	const char *text = json_string_value(json_object_get(entry, name));
	csvout_cell(list, slice_of(text ? text : ""), ',');
	buffer_add_char(list, after);
}

static void entries_add(struct buffer *list, const json_t *entries)
{
	static const char *const columns[] = {
	    "run", "feed", "summary_sha256", "found", "input", "file"};
	enum { COLUMNS = sizeof columns / sizeof *columns };
	size_t index;
	const json_t *entry;
	buffer_add_text(list, ACCEPTED_HEADER);
	json_array_foreach((json_t *)entries, index, entry) for (size_t i = 0; i < COLUMNS; i++)
	    cell_add(list, entry, columns[i], i + 1 < COLUMNS ? ',' : '\n');
}

static void on_newer(void *context, json_t *line)
{
	json_t **last = context;
	if (!line)
		return;
	json_decref(*last);
	*last = json_incref(line);
}

struct error accepted_list(const struct spool *spool, struct buffer *list)
{
	json_t *last = NULL;
	struct error error = each(spool, on_newer, &last);
	if (!is_error(&error) && last)
		entries_add(list, json_object_get(last, "lost"));
	json_decref(last);
	return error;
}

/* ---- writing ---- */

static void line_add(struct buffer *out, const char *by, const struct lost *lost, size_t count)
{
	struct timespec now;
	char time[TIME_TEXT_SIZE];
	clock_gettime(CLOCK_REALTIME, &now);
	summary_time((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, time);
	json_t *entries = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    entries, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "run", lost[i].run, "feed",
		                 lost[i].feed, "file", lost[i].file, "input", lost[i].input,
		                 "found", lost[i].found, "summary_sha256", lost[i].sha256));
	bool is_whole = json_array_size(entries) == count;
	json_t *line = json_pack("{s:s, s:s, s:o}", "accepted", time, "by", by, "lost", entries);
	jsonout_add(out, is_whole ? line : NULL, JSON_COMPACT);
	buffer_add_char(out, '\n');
	json_decref(line);
}

struct error accepted_add(
    const struct spool *spool, const char *by, const struct lost *lost, size_t count)
{
	struct buffer line = {0};
	line_add(&line, by, lost, count);
	if (line.failed) {
		buffer_done(&line);
		return error_memory("writing " ACCEPTED);
	}
	int file = openat(spool->root, ACCEPTED,
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, MODE_ACCEPTED);
	struct error error = file < 0 ? error_errno("cannot open " ACCEPTED) : OK;
	if (!is_error(&error))
		error = disk_write(file, buffer_slice(&line), ACCEPTED);
	if (!is_error(&error) && fsync(file) < 0)
		error = error_errno("cannot flush " ACCEPTED);
	if (file >= 0)
		close(file);
	buffer_done(&line);
	return is_error(&error) ? error : disk_sync(spool->root, ".");
}
