/*
 * content_compose: the text that the composer makes of files goes into one without a name. It
 * begins each file twice, and stops between two pieces.
 */
#include "making.h"

#include "enrold/disk.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct composing {
	struct making *making;
	struct compose_member members[COMPOSE_MEMBERS_MAX];
	int files[COMPOSE_MEMBERS_MAX];
	size_t count;
	struct composer *composer;
	struct hash *hash;
	int to;
	uint64_t bytes;
};

static struct error on_text(void *context, struct slice text)
{
	struct composing *composing = context;
	uint64_t max = composing->making->run->runner->shared->config->max_file_size;
	composing->bytes += text.size;
	hash_add(composing->hash, text.bytes, text.size);
	if (composing->bytes > max)
		return error_reject("file_too_large", 0,
		    "what is read of the file has more than %" PRIu64 " bytes (max_file_size): "
		    "split it, or raise the limit",
		    max);
	return disk_extend(composing->to, "what is read of the file", composing->bytes, text);
}

static struct error piece_take(void *context, const char *bytes, size_t size)
{
	struct composing *composing = context;
	return composer_feed(composing->composer, bytes, size);
}

static struct error file_feed(struct composing *composing, int file)
{
	struct error error = making_read(composing->making, file, piece_take, composing);
	bool is_cut = is_error(&error) || composing->making->run->is_stopped;
	return is_cut ? error : composer_end(composing->composer);
}

static struct error passes(struct composing *composing)
{
	static const enum compose_pass order[] = {COMPOSE_LOOK, COMPOSE_WRITE};
	const struct run *run = composing->making->run;
	struct error error = OK;
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < composing->count && !is_error(&error) && !run->is_stopped;
		     i++) {
			error = composer_begin(composing->composer, order[pass], i);
			if (!is_error(&error))
				error = file_feed(composing, composing->files[i]);
		}
	return error;
}

/* Once, of all files together. */
static void older_remark(const struct composing *composing)
{
	struct remarks *remarks = &composing->making->content->remarks;
	for (size_t i = 0; i < composing->count; i++) {
		const struct compose_member *member = &composing->members[i];
		if (member->older == 0)
			continue;
		bool is_one = member->older == 1;
		struct slice name = remark_quote(slice_of(member->name), composing->making->arena);
		remark_add(remarks, REMARK_OLDER_ROWS, NULL,
		    arena_print(remarks->arena,
		        "%" PRIu64 " row%s of %.*s %s not count, the first in line %" PRIu64
		        ": there is a newer one by '%s', or its day is to come.",
		        member->older, is_one ? "" : "s", SLICE_ARG(name), is_one ? "does" : "do",
		        member->older_line - member->first_line + 1, member->policy->newest_by));
	}
}

static struct error compose(struct composing *composing)
{
	struct making *making = composing->making;
	struct content *content = making->content;
	const struct compose_terms terms = {.members = composing->members,
	    .members_count = composing->count,
	    .field_max = making->run->runner->shared->config->max_field,
	    .now = making->now};
	composing->to = -1;
	composing->hash = hash_create();
	if (!composing->hash)
		return error_memory("composing a file");
	struct error error = disk_open_nameless(making->run->directory, &composing->to);
	if (!is_error(&error))
		error = composer_create(&terms, on_text, composing, &composing->composer);
	if (!is_error(&error))
		error = passes(composing);
	composer_free(composing->composer);
	if (!is_error(&error) && ftruncate(composing->to, (off_t)composing->bytes) < 0)
		error = error_errno(
		    "cannot write what is read of the file"); /* it may end with a hole */
	hash_finish(composing->hash, content->sha256);
	hash_free(composing->hash);
	content->file = composing->to;
	content->bytes = composing->bytes;
	content->is_composed = true;
	if (!is_error(&error) && !making->run->is_stopped)
		older_remark(composing);
	return error;
}

struct error compose_one(struct making *making)
{
	struct composing composing = {.making = making, .count = 1};
	composing.members[0] =
	    (struct compose_member){.name = making->name, .policy = making->policy};
	composing.files[0] = making->file;
	return compose(&composing);
}

struct error compose_members(struct making *making, const struct members *members)
{
	struct composing composing = {.making = making};
	struct summary_member *told[COMPOSE_MEMBERS_MAX] = {NULL};
	if (making->run->is_stopped)
		return OK;
	for (size_t i = 0; i < members->count && i < COMPOSE_MEMBERS_MAX; i++) {
		const struct member *member = &members->items[i];
		composing.members[i] = (struct compose_member){.name = member->unpacked->name,
		    .kind = member->kind,
		    .policy = &member->kind->policy};
		composing.files[i] = member->unpacked->file;
		told[i] = member_tell(making, member->unpacked, member->kind);
		composing.count++;
	}
	struct error error = compose(&composing);
	for (size_t i = 0; i < composing.count && told[i]; i++) {
		told[i]->first_line = composing.members[i].first_line;
		told[i]->lines = composing.members[i].lines;
		told[i]->rows = composing.members[i].records;
	}
	return error;
}
