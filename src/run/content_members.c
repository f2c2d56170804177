/*
 * content_members: of which kind of its preset a file is. Of an archive every file has to have one,
 * and they are read in the order in which the preset needs them: people before their enrolments.
 */
#include "making.h"

#include "enrold/pgp.h"
#include "enrold/records.h"
#include "enrold/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

enum { MANIFEST_BYTES_MAX = 1 << 20 };

static struct error choose(struct making *making, const char *name, struct slice beginning,
    bool is_whole, const struct preset_kind **kind)
{
	struct slice why = SLICE("");
	struct error error = preset_choose(
	    making->preset, slice_of(name), beginning, is_whole, making->arena, kind, &why);
	if (is_error(&error) || *kind)
		return error;
	struct slice shown = remark_quote(slice_of(name), making->arena);
	return error_reject("preset_no_kind", 0, "%.*s is no file of the preset %s: %.*s",
	    SLICE_ARG(shown), making->preset->name, SLICE_ARG(why));
}

/* ---- a file that is alone ---- */

/* The retry file of an archive's answer has the columns of all kinds. */
static void composed_take(struct making *making)
{
	*making->policy = making->preset->composed;
	making->content->preset = making->preset->name;
}

struct error kind_take(
    struct making *making, const char *name, struct slice beginning, bool is_whole)
{
	const struct preset_kind *kind;
	bool is_composed = false;
	if (!making->preset || making->is_settled)
		return OK;
	struct error error =
	    preset_is_composed(making->preset, beginning, is_whole, making->arena, &is_composed);
	if (!is_error(&error) && is_composed)
		composed_take(making);
	if (is_error(&error) || is_composed)
		return error;
	error = choose(making, name, beginning, is_whole, &kind);
	if (is_error(&error))
		return error;
	if (kind->unused)
		return error_reject("preset_unused", 0,
		    "it is a file of %s %s, of which nothing is made: %s", making->preset->name,
		    kind->name, kind->unused);
	*making->policy = kind->policy;
	making->content->preset =
	    arena_print(making->arena, "%s/%s", making->preset->name, kind->name).bytes;
	return OK;
}

/* ---- those of an archive ---- */

struct summary_member *member_tell(
    struct making *making, const struct unpacked *unpacked, const struct preset_kind *kind)
{
	struct content *content = making->content;
	struct summary_member *member = &content->members[content->members_count++];
	*member = (struct summary_member){
	    .name = arena_copy(making->arena, slice_of(unpacked->name)).bytes,
	    .kind = kind ? arena_copy(making->arena, slice_of(kind->name)).bytes : NULL,
	    .bytes = unpacked->bytes};
	memcpy(member->sha256, unpacked->sha256, sizeof member->sha256);
	return member;
}

static struct error row_count(void *context, const struct csvin_record *record)
{
	(void)record;
	++*(uint64_t *)context;
	return OK;
}

static struct error headings_pass(void *context, const struct csvin_record *headings)
{
	(void)context;
	(void)headings;
	return OK;
}

static struct error piece_take(void *context, const char *bytes, size_t size)
{
	return records_feed(context, bytes, size);
}

/* Of a file that is passed over: what is wrong with it does not matter. */
static struct error rows_find(struct making *making, const struct member *member, uint64_t *rows)
{
	const struct records_terms terms = {.policy = &member->kind->policy,
	    .field_max = making->run->runner->shared->config->max_field};
	const struct records_visitor visitor = {headings_pass, row_count, rows};
	struct records *records = NULL;
	struct error error = records_open(&terms, &visitor, &records);
	if (!is_error(&error))
		error = making_read(making, member->unpacked->file, piece_take, records);
	if (!is_error(&error) && !making->run->is_stopped)
		error = records_finish(records);
	records_close(records);
	return error.class == ERROR_REJECT ? OK : error;
}

static struct error unused_tell(struct making *making, const struct member *member)
{
	struct remarks *remarks = &making->content->remarks;
	struct summary_member *told = member_tell(making, member->unpacked, member->kind);
	struct error error = rows_find(making, member, &told->rows);
	struct slice name = remark_quote(slice_of(member->unpacked->name), making->arena);
	remark_add(remarks, REMARK_MEMBER_NOT_USED, NULL,
	    arena_print(remarks->arena, "%.*s, with %" PRIu64 " row%s, was passed over: %s.",
	        SLICE_ARG(name), told->rows, told->rows == 1 ? "" : "s", member->kind->unused));
	return error;
}

static struct error manifest_load(
    struct making *making, const struct unpacked *unpacked, struct slice *manifest)
{
	char *bytes = unpacked->bytes <= MANIFEST_BYTES_MAX
	                  ? arena_alloc(making->arena, (size_t)unpacked->bytes + 1)
	                  : NULL;
	if (unpacked->bytes > MANIFEST_BYTES_MAX)
		return error_reject("manifest_broken", 0,
		    "%s has more than %d bytes: it is no manifest", unpacked->name,
		    MANIFEST_BYTES_MAX);
	if (!bytes)
		return error_memory("reading a manifest");
	member_tell(making, unpacked, NULL);
	ssize_t size = pread(unpacked->file, bytes, (size_t)unpacked->bytes, 0);
	*manifest = (struct slice){bytes, size < 0 ? 0 : (size_t)size};
	return size < 0 ? error_errno("cannot read a manifest") : OK;
}

static bool is_manifest(const struct making *making, const struct unpacked *unpacked)
{
	const char *manifest = making->preset->manifest;
	return manifest && strcasecmp(unpacked->name, manifest) == 0;
}

/* Behind those of its kind and of earlier ones. */
static void member_place(struct members *members, struct member member)
{
	size_t at = members->count++;
	for (; at > 0 && members->items[at - 1].kind > member.kind; at--)
		members->items[at] = members->items[at - 1];
	members->items[at] = member;
}

static struct error member_sort(
    struct making *making, struct unpacked *unpacked, struct members *members)
{
	struct member member = {.unpacked = unpacked};
	if (is_manifest(making, unpacked))
		return manifest_load(making, unpacked, &members->manifest);
	struct error error =
	    making_beginning(making, unpacked->file, &member.beginning, &member.is_whole);
	if (!is_error(&error) && pgp_recognise(member.beginning))
		error = error_reject("archive_nested", 0,
		    "%s in the archive is encrypted: pack the files, and then encrypt the archive",
		    unpacked->name);
	if (!is_error(&error))
		error =
		    choose(making, unpacked->name, member.beginning, member.is_whole, &member.kind);
	if (is_error(&error))
		return error;
	if (member.kind->unused)
		return unused_tell(making, &member);
	member_place(members, member);
	return OK;
}

struct error members_sort(
    struct making *making, struct unpacked_list *list, struct members *members)
{
	struct content *content = making->content;
	struct error error = OK;
	content->preset = arena_copy(making->arena, slice_of(making->preset->name)).bytes;
	content->members = arena_alloc(making->arena, (list->count + 1) * sizeof *content->members);
	if (!content->members)
		return error_memory("looking at what is in an archive");
	for (size_t i = 0; i < list->count && !is_error(&error) && !making->run->is_stopped; i++)
		error = member_sort(making, &list->items[i], members);
	if (!is_error(&error) && !making->run->is_stopped && members->count == 0)
		error = error_reject("preset_unused", 0,
		    "none of the archive's %zu files is one of which anything is made",
		    list->count);
	return error;
}
