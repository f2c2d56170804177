/*
 * content: a member's bytes as they come, into a file without a name, hashed and counted. What an
 * archive says of its sizes is not asked here: only what has come counts.
 *
 * Growth is judged over all that was read so far: RATIO_MAX times that, when it is more than
 * RATIO_FREE. A list of people shrinks to a tenth, at most to a fiftieth; deflate's best is a
 * thousandth, of one byte repeated.
 */
#include "content.h"

#include "enrold/buffer.h"
#include "enrold/disk.h"
#include "enrold/foreign.h"
#include "enrold/value.h"

#include <unistd.h>

enum { RATIO_MAX = 200, RATIO_FREE = 64 << 20, SHOWN_MAX = 80 };
enum { TAR_SIGN_AT = 257 };

struct slice content_show(const struct content *content, struct slice name)
{
	struct buffer shown = {0};
	value_reveal(name, &shown);
	struct slice brief = value_brief(buffer_slice(&shown), SHOWN_MAX, content->arena);
	brief = arena_copy(content->arena, brief);
	buffer_done(&shown);
	return brief;
}

static struct unpacked *current(const struct content *content)
{
	return &content->list->items[content->list->count - 1];
}

/* As a sentence begins. */
static struct slice whose(const struct content *content)
{
	const char *name = current(content)->name;
	return *name ? content_show(content, slice_of(name)) : SLICE("what is in it");
}

struct error content_begin(struct content *content, const char *name)
{
	struct unpacked_list *list = content->list;
	struct unpacked *item = &list->items[list->count];
	if (!content->hash)
		content->hash = hash_create();
	else
		hash_restart(content->hash);
	if (!content->hash)
		return error_memory("unpacking");
	*item = (struct unpacked){.name = name, .file = -1};
	content->beginning_size = 0;
	list->count++;
	return disk_open_nameless(content->directory, &item->file);
}

bool content_is_stopped(struct content *content)
{
	const struct unpack_limits *limits = content->limits;
	if (limits->progress)
		atomic_fetch_add(limits->progress, 1);
	if (limits->has_to_stop && limits->has_to_stop(limits->context))
		content->list->is_stopped = true;
	return content->list->is_stopped;
}

static struct error limits_check(const struct content *content)
{
	unsigned long long max = content->limits->bytes_max;
	if (content->bytes > max)
		return error_reject("file_too_large", 0,
		    "unpacked it has more than %llu bytes, which is max_file_size: split it, or "
		    "raise the limit",
		    max);
	if (content->bytes <= RATIO_FREE || content->bytes / RATIO_MAX <= content->packed)
		return OK;
	return error_reject("archive_ratio", 0,
	    "its first %llu bytes are unpacked more than %d times as many, as no list of people "
	    "is: "
	    "look at what made it, or drop the file as it is, not packed",
	    (unsigned long long)content->packed, RATIO_MAX);
}

static void beginning_add(struct content *content, struct slice bytes)
{
	size_t room = CONTENT_BEGINNING - content->beginning_size;
	size_t size = bytes.size < room ? bytes.size : room;
	memcpy(content->beginning + content->beginning_size, bytes.bytes, size);
	content->beginning_size += size;
}

struct error content_add(struct content *content, struct slice bytes)
{
	struct unpacked *item = current(content);
	if (bytes.size == 0)
		return OK;
	content->bytes += bytes.size;
	struct error error = limits_check(content);
	if (is_error(&error))
		return error;
	beginning_add(content, bytes);
	hash_add(content->hash, bytes.bytes, bytes.size);
	item->bytes += bytes.size;
	return disk_extend(item->file, "what is unpacked", item->bytes, bytes);
}

/* What the reader would refuse as no text, it refuses; what could be unpacked again is told here.
 */
static struct error nested_check(const struct content *content)
{
	const struct slice begins = {content->beginning, content->beginning_size};
	const struct slice tar = begins.size >= TAR_SIGN_AT + 5
	                             ? (struct slice){begins.bytes + TAR_SIGN_AT, 5}
	                             : (struct slice){NULL, 0};
	if (unpack_recognise(begins) == UNPACK_NONE && !slice_is(tar, SLICE("ustar")))
		return OK;
	struct slice name = whose(content);
	return error_reject("archive_nested", 0,
	    "%.*s is itself packed: pack once, the CSV files alone, as one .zip or each as a .gz",
	    SLICE_ARG(name));
}

struct error content_end(struct content *content)
{
	struct unpacked *item = current(content);
	struct error error = nested_check(content);
	if (is_error(&error))
		return error;
	hash_finish(content->hash, item->sha256);
	/* It may end with a hole. */
	if (ftruncate(item->file, (off_t)item->bytes) < 0)
		return error_errno("cannot write what is unpacked");
	return lseek(item->file, 0, SEEK_SET) < 0 ? error_errno("cannot read what is unpacked")
	                                          : OK;
}
