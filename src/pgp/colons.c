#include "colons.h"

#include <stdio.h>

/* Fields, from 0. */
enum {
	FIELD_VALIDITY = 1,
	FIELD_END = 6,
	FIELD_TEXT = 9,
	FIELD_USES = 11,
	FIELD_SECRET = 14,
	FIELDS = 16,
};

#define NEVER INT64_MAX

/* A key, or a part of one. */
struct part {
	bool is_usable, decrypts;
	int64_t ends;
};

/* As lines come: the newest key, and the best of its parts for either use. */
struct listing {
	struct pgp_key *key;
	struct part primary;
	int64_t any_ends, ours_ends; /* 0: there is no such part */
	bool has_ours, has_fingerprint;
};

static void fields_split(struct slice line, struct slice fields[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = slice_take(&line, ':');
}

static int64_t end_of(struct slice text)
{
	int64_t end = 0;
	for (size_t i = 0; i < text.size && end < NEVER / 100; i++)
		if (text.bytes[i] >= '0' && text.bytes[i] <= '9')
			end = end * 10 + (text.bytes[i] - '0');
	return end == 0 ? NEVER : end;
}

/* Small letters are uses of the part itself, large ones of the key as a whole; D is disabled. An
 * end that is over is an end, no reason to forget the part. */
static struct part part_of(const struct slice fields[FIELDS])
{
	char validity = fields[FIELD_VALIDITY].size > 0 ? fields[FIELD_VALIDITY].bytes[0] : '-';
	return (struct part){
	    .is_usable = !strchr("rdi", validity) && !slice_has(fields[FIELD_USES], 'D'),
	    .decrypts =
	        slice_has(fields[FIELD_USES], 'e') && slice_is(fields[FIELD_SECRET], SLICE("+")),
	    .ends = end_of(fields[FIELD_END])};
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What is known of a key once all its parts are. */
static void key_end(struct listing *listing)
{
	struct pgp_key *key = listing->key;
	if (!key)
		return;
	int64_t ends = listing->has_ours ? listing->ours_ends : listing->any_ends;
	ends = earlier(listing->primary.ends, ends);
	key->is_secret = listing->has_ours;
	key->is_usable = listing->primary.is_usable;
	key->ends = ends == NEVER ? 0 : ends;
}

static void part_add(struct listing *listing, const struct part *part)
{
	if (!part->is_usable)
		return;
	if (part->ends > listing->any_ends)
		listing->any_ends = part->ends;
	listing->has_ours |= part->decrypts;
	if (part->decrypts && part->ends > listing->ours_ends)
		listing->ours_ends = part->ends;
}

static void key_begin(
    struct listing *listing, const struct slice fields[FIELDS], struct pgp_keys *keys)
{
	key_end(listing);
	*listing = (struct listing){.key = &keys->items[keys->count++], .primary = part_of(fields)};
	listing->key->user = "";
	part_add(listing, &listing->primary);
}

/* "\x3a" is a colon. */
static const char *user_copy(struct slice text, struct arena *arena)
{
	static const char colon[] = "\\x3a";
	struct slice copy = arena_print(arena, "%.*s", SLICE_ARG(text));
	char *user = (char *)copy.bytes;
	for (char *at = user; at && (at = strstr(at, colon)); at++) {
		*at = ':';
		memmove(at + 1, at + strlen(colon), strlen(at + strlen(colon)) + 1);
	}
	return user;
}

static void line_take(
    struct listing *listing, struct slice line, struct arena *arena, struct pgp_keys *keys)
{
	struct slice fields[FIELDS];
	fields_split(line, fields);
	struct slice text = fields[FIELD_TEXT];
	if (slice_is(fields[0], SLICE("pub"))) {
		key_begin(listing, fields, keys);
	} else if (!listing->key) {
		return;
	} else if (slice_is(fields[0], SLICE("sub"))) {
		struct part part = part_of(fields);
		part_add(listing, &part);
	} else if (slice_is(fields[0], SLICE("fpr")) && !listing->has_fingerprint) {
		listing->has_fingerprint = true;
		snprintf(listing->key->fingerprint, sizeof listing->key->fingerprint, "%.*s",
		    SLICE_ARG(text));
	} else if (slice_is(fields[0], SLICE("uid")) && !*listing->key->user) {
		listing->key->user = user_copy(text, arena);
	}
}

struct error pgp_colons_parse(struct slice text, struct arena *arena, struct pgp_keys *keys)
{
	size_t count = 0;
	struct listing listing = {.key = NULL};
	for (struct slice rest = text; rest.size > 0;) {
		struct slice line = slice_take(&rest, '\n');
		count += line.size > 4 && memcmp(line.bytes, "pub:", 4) == 0;
	}
	*keys = (struct pgp_keys){arena_alloc(arena, (count + 1) * sizeof *keys->items), 0};
	while (text.size > 0 && !arena_has_failed(arena))
		line_take(&listing, slice_take(&text, '\n'), arena, keys);
	key_end(&listing);
	return arena_has_failed(arena) ? error_memory("reading the list of keys") : OK;
}
