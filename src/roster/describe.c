/*
 * describe: how an enrolment stands, in the words of the answer's `before` and `after`: what a
 * course was, what it became, and what it is today are told alike.
 */
#include "enrold/buffer.h"
#include "enrold/facts.h"
#include "enrold/value.h"

#include <assert.h>

static struct slice role_name(const struct site_facts *site, int64_t id)
{
	for (size_t i = 0; i < site->roles_count; i++)
		if (site->roles[i].id == id)
			return site->roles[i].shortname;
	return SLICE("?");
}

struct slice roles_describe(
    const struct enrolment_facts *is, const struct site_facts *site, struct arena *arena)
{
	struct slice text = SLICE("");
	for (uint32_t i = 0; i < is->roles_count && text.size <= VALUE_SHOWN_MAX; i++) {
		struct slice name = role_name(site, is->roles[i]);
		text = i == 0 ? name
		              : arena_print(arena, "%.*s,%.*s", SLICE_ARG(text), SLICE_ARG(name));
	}
	return value_brief(text, VALUE_SHOWN_MAX, arena);
}

/* Made twice for each enrolment of a file, so without printf. */
static struct slice enrolment_text(
    struct arena *arena, const struct enrolment_facts *is, struct slice roles)
{
	enum { ROOM = 128 }; /* for the words and three numbers */
	char *room = arena_alloc(arena, ROOM + roles.size);
	if (!room)
		return SLICE("");
	struct buffer text = {.bytes = room, .capacity = ROOM + roles.size};
	buffer_add_text(&text, "status=");
	buffer_add_int(&text, is->status);
	buffer_add_text(&text, ";timestart=");
	buffer_add_int(&text, is->timestart);
	buffer_add_text(&text, ";timeend=");
	buffer_add_int(&text, is->timeend);
	buffer_add_text(&text, ";roles=");
	buffer_add(&text, roles.bytes, roles.size);
	assert(text.bytes == room); /* it has not grown */
	return buffer_slice(&text);
}

struct slice enrolment_describe(
    const struct enrolment_facts *is, const struct site_facts *site, struct arena *arena)
{
	struct slice roles = roles_describe(is, site, arena);
	if (is->id != 0)
		return enrolment_text(arena, is, roles);
	if (is->roles_count > 0)
		return arena_print(arena, "roles=%.*s", SLICE_ARG(roles));
	return SLICE("");
}
