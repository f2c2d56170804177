#include "enrold/file_shape.h"

#include "enrold/value.h"

#include <inttypes.h>
#include <stdlib.h>

void file_shape_be_last(struct file_shape *shape, const struct file_shape *last)
{
	shape->last_run = last->run;
	shape->last_sha256 = last->sha256;
	shape->last_modified_ms = last->modified_ms;
}

void file_shape_keep_last(struct file_shape *shape, const struct file_shape *known)
{
	shape->last_run = known->last_run;
	shape->last_sha256 = known->last_sha256;
	shape->last_modified_ms = known->last_modified_ms;
}

/* ---- written ---- */

static void text_add(struct buffer *out, const char *key, struct slice text)
{
	buffer_print(out, "%s %.*s\n", key, SLICE_ARG(text));
}

void file_shape_format(const struct file_shape *shape, struct buffer *out)
{
	text_add(out, "run", shape->run);
	text_add(out, "name", shape->name);
	text_add(out, "sha256", shape->sha256);
	buffer_print(out,
	    "modified_ms %" PRId64 "\nrows %" PRIu64 "\npeople %" PRIu64 "\nended %d\n",
	    shape->modified_ms, shape->rows, shape->people, shape->is_ended);
	text_add(out, "last_run", shape->last_run);
	text_add(out, "last_sha256", shape->last_sha256);
	buffer_print(out, "last_modified_ms %" PRId64 "\n", shape->last_modified_ms);
	for (size_t i = 0; i < shape->columns_count; i++)
		text_add(out, "column", shape->columns[i]);
	for (size_t i = 0; i < shape->unknown_count; i++)
		buffer_print(out, "unknown %" PRIu32 "\n", shape->unknown[i]);
	for (size_t i = 0; i < shape->blocked_count; i++)
		buffer_print(out, "blocked %" PRId64 " %" PRIu64 " %" PRIu64 "\n",
		    shape->blocked[i].enrol, shape->blocked[i].files, shape->blocked[i].line);
}

/* ---- read ---- */

static bool number_take(struct slice *text, int64_t *number)
{
	return value_parse_whole(slice_take(text, ' '), number);
}

static size_t keys_count(struct slice text, struct slice key)
{
	size_t count = 0;
	while (text.size > 0) {
		struct slice line = slice_take(&text, '\n');
		count += slice_is(slice_take(&line, ' '), key);
	}
	return count;
}

static bool blocked_take(struct slice rest, struct blocked_course *blocked)
{
	int64_t files, line;
	bool is_right = number_take(&rest, &blocked->enrol) && number_take(&rest, &files) &&
	                number_take(&rest, &line);
	if (is_right) {
		blocked->files = (uint64_t)files;
		blocked->line = (uint64_t)line;
	}
	return is_right;
}

/* Where a text of that name is kept; NULL: there is none. */
static struct slice *text_place(struct file_shape *shape, struct slice key)
{
	if (slice_is(key, SLICE("run")))
		return &shape->run;
	if (slice_is(key, SLICE("name")))
		return &shape->name;
	if (slice_is(key, SLICE("sha256")))
		return &shape->sha256;
	if (slice_is(key, SLICE("last_run")))
		return &shape->last_run;
	if (slice_is(key, SLICE("last_sha256")))
		return &shape->last_sha256;
	return slice_is(key, SLICE("column")) ? &shape->columns[shape->columns_count++] : NULL;
}

static bool number_put(struct file_shape *shape, struct slice key, int64_t number)
{
	if (slice_is(key, SLICE("modified_ms")))
		shape->modified_ms = number;
	else if (slice_is(key, SLICE("last_modified_ms")))
		shape->last_modified_ms = number;
	else if (slice_is(key, SLICE("rows")))
		shape->rows = (uint64_t)number;
	else if (slice_is(key, SLICE("people")))
		shape->people = (uint64_t)number;
	else if (slice_is(key, SLICE("ended")))
		shape->is_ended = number != 0;
	else if (slice_is(key, SLICE("unknown")) && number <= UINT32_MAX)
		shape->unknown[shape->unknown_count++] = (uint32_t)number;
	else
		return false;
	return true;
}

static bool line_take(struct slice line, struct file_shape *shape)
{
	int64_t number = 0;
	struct slice key = slice_take(&line, ' '), *text = text_place(shape, key);
	if (text) {
		*text = line;
		return true;
	}
	if (slice_is(key, SLICE("blocked")))
		return blocked_take(line, &shape->blocked[shape->blocked_count++]);
	return value_parse_whole(line, &number) && number_put(shape, key, number);
}

struct error file_shape_parse(struct slice text, struct arena *arena, struct file_shape *shape)
{
	size_t columns = keys_count(text, SLICE("column"));
	size_t unknown = keys_count(text, SLICE("unknown"));
	size_t blocked = keys_count(text, SLICE("blocked"));
	*shape = (struct file_shape){
	    .columns = arena_alloc(arena, (columns + 1) * sizeof *shape->columns),
	    .unknown = arena_alloc(arena, (unknown + 1) * sizeof *shape->unknown),
	    .blocked = arena_alloc(arena, (blocked + 1) * sizeof *shape->blocked)};
	if (arena_has_failed(arena))
		return error_memory("reading the last full file");
	while (text.size > 0)
		if (!line_take(slice_take(&text, '\n'), shape))
			return error_config(
			    "what the ledger says of the last full file was altered");
	return OK;
}

/* ---- compared ---- */

int64_t file_shape_time(int64_t epoch_s, int64_t ns)
{
	static const int64_t last_s = INT64_C(99999999999);
	return epoch_s < 0 ? 0 : (epoch_s < last_s ? epoch_s : last_s) * 1000 + ns / 1000000;
}

static size_t digits_pass(struct slice text, size_t at)
{
	while (at < text.size && text.bytes[at] >= '0' && text.bytes[at] <= '9')
		at++;
	return at;
}

bool file_shape_is_called(struct slice a, struct slice b)
{
	size_t i = digits_pass(a, 0), k = digits_pass(b, 0);
	while (i < a.size && k < b.size && a.bytes[i] == b.bytes[k]) {
		i = digits_pass(a, i + 1);
		k = digits_pass(b, k + 1);
	}
	return i == a.size && k == b.size;
}

static int mark_compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

bool file_shape_knows(const struct file_shape *shape, uint32_t mark)
{
	return shape->unknown_count > 0 &&
	       bsearch(&mark, shape->unknown, shape->unknown_count, sizeof mark, mark_compare);
}

struct slice file_shape_lacks(const struct file_shape *base, const struct file_shape *file)
{
	for (size_t i = 0; i < base->columns_count; i++) {
		bool has = false;
		for (size_t k = 0; k < file->columns_count && !has; k++)
			has = slice_is(file->columns[k], base->columns[i]);
		if (!has)
			return base->columns[i];
	}
	return SLICE("");
}
