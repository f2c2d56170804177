/*
 * zip_names: what an archive's members may be called, and be. Nothing is ever made under these
 * names; they are shown to people and matched with a preset's patterns, and what unpacks elsewhere
 * must see the same files.
 *
 * What macOS adds by itself is passed over: __MACOSX/, ._NAME, .DS_Store. Nobody who packs files
 * there sees it.
 */
#include "zip.h"

#include "enrold/foreign.h"
#include "enrold/value.h"

enum { NAME_MAX_BYTES = 255 };
enum { DOS_FOLDER = 0x10, UNIX_KIND = 0170000, UNIX_FILE = 0100000, UNIX_FOLDER = 0040000 };
/* Which system an archive is from: of these the attributes are in unix' manner. */
enum { SYSTEM_UNIX = 3, SYSTEM_DARWIN = 19 };

static bool begins_with(struct slice name, struct slice start)
{
	return name.size >= start.size && memcmp(name.bytes, start.bytes, start.size) == 0;
}

static bool is_of_macos(struct slice name)
{
	return begins_with(name, SLICE("__MACOSX/")) || begins_with(name, SLICE("._")) ||
	       slice_is(name, SLICE(".DS_Store"));
}

static unsigned kind_of(const struct zip_entry *entry)
{
	bool is_unix = entry->system == SYSTEM_UNIX || entry->system == SYSTEM_DARWIN;
	return is_unix ? entry->attributes >> 16 & UNIX_KIND : 0;
}

static bool is_folder(const struct zip_entry *entry)
{
	return slice_has(entry->name, '/') || slice_has(entry->name, '\\') ||
	       entry->attributes & DOS_FOLDER || kind_of(entry) == UNIX_FOLDER;
}

/* As anything that unpacks it may take it: both slashes, a drive. */
static bool leads_out(struct slice name)
{
	if (name.size >= 2 && name.bytes[1] == ':')
		return true;
	for (size_t from = 0, at = 0; at <= name.size; at++) {
		if (at < name.size && name.bytes[at] != '/' && name.bytes[at] != '\\')
			continue;
		if (at == 0 || slice_is((struct slice){name.bytes + from, at - from}, SLICE("..")))
			return true;
		from = at + 1;
	}
	return slice_is(name, SLICE("."));
}

static bool is_name(struct slice name)
{
	return name.size > 0 && name.size <= NAME_MAX_BYTES && value_check(name) == VALUE_CLEAN &&
	       !slice_has(name, '\t') && !slice_has(name, '\r') && !slice_has(name, '\n');
}

static struct error path_error(struct slice shown, const char *what)
{
	return error_reject(
	    "archive_path", 0, "\"%.*s\" in the archive %s", SLICE_ARG(shown), what);
}

static struct error name_check(const struct content *content, const struct zip_entry *entry)
{
	struct slice name = entry->name, shown = content_show(content, name);
	if (value_check(name) == VALUE_NOT_UTF8)
		return path_error(shown,
		    "has a name that is not UTF-8: give the files names of plain "
		    "letters and digits, and pack them anew");
	if (!is_name(name))
		return path_error(
		    shown, "has no name that a file can have: rename it, and pack anew");
	if (leads_out(name))
		return path_error(shown,
		    "leads out of it: it may harm who unpacks it; find out who "
		    "made it");
	if (is_folder(entry))
		return path_error(shown,
		    "is a folder or in one: pack the CSV files themselves; open "
		    "the folder, select the files in it, and compress these");
	return OK;
}

static struct error kind_check(const struct content *content, const struct zip_entry *entry)
{
	unsigned kind = kind_of(entry);
	struct slice shown = content_show(content, entry->name);
	if (kind == 0 || kind == UNIX_FILE || kind == UNIX_FOLDER)
		return OK;
	return error_reject("archive_link", 0,
	    "\"%.*s\" in the archive is no file but a link or a device: pack the files themselves",
	    SLICE_ARG(shown));
}

static struct error method_check(const struct content *content, const struct zip_entry *entry)
{
	struct slice shown = content_show(content, entry->name);
	if (entry->flags & ZIP_ENCRYPTED || entry->method == ZIP_AES)
		return error_reject("archive_encrypted", 0,
		    "\"%.*s\" in the archive needs a password, which enrold does not know: pack "
		    "without one; to protect a file on its way, encrypt it with PGP",
		    SLICE_ARG(shown));
	if (entry->method != ZIP_STORED && entry->method != ZIP_DEFLATED)
		return error_reject("archive_broken", 0,
		    "\"%.*s\" in the archive is packed in a way (%u) that enrold does not know: "
		    "pack "
		    "anew, with the method \"deflate\"",
		    SLICE_ARG(shown), entry->method);
	return OK;
}

static struct error document_check(const struct zip_directory *directory)
{
	for (size_t i = 0; i < directory->count; i++)
		if (foreign_is_document_part(directory->items[i].name))
			return error_reject("not_text", 0, "this is no text but " FOREIGN_DOCUMENT);
	return OK;
}

static struct error twice_check(
    const struct content *content, const struct zip_directory *directory, size_t last)
{
	const struct zip_entry *entry = &directory->items[last];
	for (size_t i = 0; i < last; i++) {
		const struct zip_entry *other = &directory->items[i];
		if (other->is_passed_over ||
		    !value_is_alike(other->name, entry->name, content->arena))
			continue;
		struct slice shown = content_show(content, entry->name);
		return error_reject("archive_twice", 0,
		    "\"%.*s\" is in the archive twice, upper and lower case aside: nobody knows "
		    "which "
		    "is meant; pack anew",
		    SLICE_ARG(shown));
	}
	return OK;
}

static struct error count_check(const struct content *content, size_t count)
{
	uint32_t max = content->limits->entries_max;
	if (max > UNPACK_ENTRIES_MAX)
		max = UNPACK_ENTRIES_MAX;
	if (count == 0)
		return error_reject("archive_empty", 0,
		    "there is no file in the archive: look at what made it, and pack anew");
	if (count <= max)
		return OK;
	return error_reject("archive_too_many", 0,
	    "%zu files are in the archive, and enrold takes %u: pack the CSV files alone, or in "
	    "several archives",
	    count, (unsigned)max);
}

struct error zip_names_check(const struct content *content, struct zip_directory *directory)
{
	size_t count = 0;
	struct error error = document_check(directory);
	for (size_t i = 0; i < directory->count && !is_error(&error); i++) {
		struct zip_entry *entry = &directory->items[i];
		entry->is_passed_over = is_of_macos(entry->name);
		if (entry->is_passed_over)
			continue;
		count++;
		error = kind_check(content, entry);
		if (!is_error(&error))
			error = name_check(content, entry);
		if (!is_error(&error))
			error = method_check(content, entry);
		if (!is_error(&error))
			error = twice_check(content, directory, i);
	}
	return is_error(&error) ? error : count_check(content, count);
}
