/*
 * zip: the members of a ZIP archive, by libarchive, which knows of ZIP and nothing else. It takes a
 * file's name from in front of its data and the rest from the directory at the end, and goes on
 * where they differ; so the directory is read here first (zip_*.c), and what the one unpacks must
 * be what the other has announced.
 *
 * Memory that it lacks for a name ends the process, as libarchive has it: the file is then taken up
 * again at the next start (run/tries.c).
 */
#include "zip.h"
#include "formats.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

/* What it says of a file is no errno, but for these. */
static struct error error_of(struct archive *archive)
{
	int number = archive_errno(archive);
	if (number == ENOMEM)
		return error_memory("unpacking");
	if (number != EIO && number != ESTALE)
		return zip_broken(
		    archive_error_string(archive) ? archive_error_string(archive) : "no format");
	errno = number;
	return error_own(error_errno("cannot read what is unpacked"), OWNER_FILE);
}

/* It leaves out what is nothing but zeros only of formats that know holes; ZIP does not. */
static struct error member_copy(
    struct content *content, struct archive *archive, const struct zip_entry *entry)
{
	uint64_t bytes = 0;
	const void *block;
	size_t size;
	la_int64_t offset;
	int state = ARCHIVE_OK;
	struct error error = OK;
	while (!is_error(&error) && !content_is_stopped(content) &&
	       (state = archive_read_data_block(archive, &block, &size, &offset)) == ARCHIVE_OK) {
		content->packed = (uint64_t)archive_filter_bytes(archive, 0);
		error = content_add(content, (struct slice){block, size});
		bytes += size;
	}
	if (is_error(&error) || content->list->is_stopped)
		return error;
	if (state != ARCHIVE_EOF)
		return error_of(archive);
	return bytes == entry->bytes ? OK
	                             : zip_broken("a file in it has another size than it says");
}

static struct error member_unpack(
    struct content *content, struct archive *archive, const struct zip_entry *entry)
{
	struct slice name = arena_print(content->arena, "%.*s", SLICE_ARG(entry->name));
	if (!name.bytes)
		return error_memory("unpacking");
	struct error error = content_begin(content, name.bytes);
	if (!is_error(&error))
		error = member_copy(content, archive, entry);
	return is_error(&error) || content->list->is_stopped ? error : content_end(content);
}

/* ARCHIVE_WARN is what its words for a name are in this process's character set. */
static struct error member_next(struct archive *archive, const struct zip_entry *entry)
{
	struct archive_entry *found;
	int state = archive_read_next_header(archive, &found);
	if (state == ARCHIVE_EOF)
		return zip_broken("a file in it is missing");
	if (state != ARCHIVE_OK && state != ARCHIVE_WARN)
		return error_of(archive);
	bool is_announced =
	    archive_entry_size_is_set(found) && (uint64_t)archive_entry_size(found) == entry->bytes;
	return is_announced ? OK : zip_broken("a file in it has another size than it says");
}

static struct error members_unpack(
    struct content *content, struct archive *archive, const struct zip_directory *directory)
{
	struct archive_entry *more;
	struct error error = OK;
	for (size_t i = 0; i < directory->count && !is_error(&error); i++) {
		const struct zip_entry *entry = &directory->items[i];
		error = member_next(archive, entry);
		if (!is_error(&error) && !entry->is_passed_over)
			error = member_unpack(content, archive, entry);
		if (content->list->is_stopped)
			return error;
	}
	if (is_error(&error))
		return error;
	int state = archive_read_next_header(archive, &more);
	if (state == ARCHIVE_EOF)
		return OK;
	return state == ARCHIVE_OK || state == ARCHIVE_WARN
	           ? zip_broken("more is in it than it says")
	           : error_of(archive);
}

static struct error all_unpack(
    struct content *content, int from, const struct zip_directory *directory)
{
	struct archive *archive = archive_read_new();
	if (!archive)
		return error_memory("unpacking");
	struct error error = OK;
	if (archive_read_support_format_zip_seekable(archive) != ARCHIVE_OK ||
	    archive_read_open_fd(archive, from, CONTENT_CHUNK) != ARCHIVE_OK)
		error = error_of(archive);
	if (!is_error(&error))
		error = members_unpack(content, archive, directory);
	archive_read_free(archive);
	return error;
}

struct error zip_unpack(struct content *content, int from)
{
	struct zip_directory *directory = calloc(1, sizeof *directory);
	if (!directory)
		return error_memory("unpacking");
	struct error error = zip_end_find(from, content->size, directory);
	if (!is_error(&error))
		error = zip_directory_read(from, content->arena, directory);
	if (!is_error(&error))
		error = zip_names_check(content, directory);
	if (!is_error(&error))
		error = zip_local_check(from, directory);
	if (!is_error(&error))
		error = all_unpack(content, from, directory);
	free(directory);
	return error;
}
