#include "note_parts.h"

#include "enrold/value.h"

#include <stdio.h>

#define DASH "\xE2\x80\x94 " /* begins the line of a signature */

/* Text, and the lines of its signatures: what stands before and behind its last empty line. */
static bool signatures_find(struct slice whole, struct slice *text, struct slice *lines)
{
	if (whole.size > NOTE_SIZE_MAX)
		return false;
	for (size_t end = whole.size; end >= 2; end--) {
		if (whole.bytes[end - 1] != '\n' || whole.bytes[end - 2] != '\n')
			continue;
		*text = (struct slice){whole.bytes, end - 1};
		*lines = (struct slice){whole.bytes + end, whole.size - end};
		return lines->size > 0 && lines->bytes[lines->size - 1] == '\n';
	}
	return false;
}

struct signature {
	struct slice name, base64;
};

static bool signature_read(struct slice line, struct signature *signature)
{
	struct slice rest = line;
	if (rest.size < sizeof DASH || memcmp(rest.bytes, DASH, sizeof DASH - 1) != 0)
		return false;
	rest.bytes += sizeof DASH - 1;
	rest.size -= sizeof DASH - 1;
	signature->name = slice_take(&rest, ' ');
	signature->base64 = rest;
	return note_is_name(signature->name) && note_decoded_size(rest) > KEY_ID_SIZE;
}

static bool signatures_are_formed(struct slice lines)
{
	struct signature signature;
	size_t count = 0;
	while (lines.size > 0)
		if (++count > NOTE_SIGNATURES_MAX ||
		    !signature_read(slice_take(&lines, '\n'), &signature))
			return false;
	return count > 0;
}

bool note_text_is_by(struct slice signed_text, struct slice name, const struct note_key *key)
{
	struct slice text, lines;
	struct signature signature;
	unsigned char id[KEY_ID_SIZE], found[KEY_ID_SIZE + SIGNATURE_SIZE];
	bool is_by = false;
	if (!note_is_clean(signed_text) || !signatures_find(signed_text, &text, &lines) ||
	    !signatures_are_formed(lines))
		return false;
	struct error error = note_key_id(key, name, id);
	while (!is_error(&error) && lines.size > 0) {
		if (!signature_read(slice_take(&lines, '\n'), &signature) ||
		    !slice_is(signature.name, name))
			continue;
		/* Another key of the same name has another id, and may have another length. */
		if (!note_decode(signature.base64, found, sizeof found) ||
		    memcmp(found, id, sizeof id) != 0)
			continue;
		if (!note_key_has_signed(key, text, found + KEY_ID_SIZE))
			return false;
		is_by = true;
	}
	return is_by;
}

struct error note_sign_text(
    struct slice text, const char *name, const struct note_key *key, struct buffer *out)
{
	unsigned char signature[KEY_ID_SIZE + SIGNATURE_SIZE];
	if (!note_is_origin(slice_of(name)))
		return error_config("%s cannot be the origin of a checkpoint: it is empty, longer "
		                    "than %d bytes, or has a blank or a + in it",
		    *name ? name : "nothing", NOTE_ORIGIN_MAX);
	struct error error = note_key_id(key, slice_of(name), signature);
	if (!is_error(&error))
		error = note_key_sign(key, text, signature + KEY_ID_SIZE);
	if (is_error(&error))
		return error;
	buffer_add(out, text.bytes, text.size);
	buffer_print(out, "\n" DASH "%s ", name);
	note_encode(signature, sizeof signature, out);
	buffer_add_char(out, '\n');
	return out->failed ? error_memory("signing a checkpoint") : OK;
}

struct error note_sign(const struct note *note, const struct note_key *key, struct buffer *out)
{
	char text[NOTE_ORIGIN_MAX + HASH_TEXT_SIZE + 32];
	int size = snprintf(text, sizeof text, "%s\n%llu\n%s\n", note->origin,
	    (unsigned long long)note->number, note->head);
	return note_sign_text((struct slice){text, (size_t)size}, note->origin, key, out);
}

/* As it is written, and in no other way. */
static bool number_parse(struct slice text, uint64_t *number)
{
	int64_t whole;
	if (text.size == 0 || text.bytes[0] == '0' || !value_parse_whole(text, &whole))
		return false;
	*number = (uint64_t)whole;
	return true;
}

static bool head_parse(struct slice text, char head[HASH_TEXT_SIZE + 1])
{
	if (text.size != HASH_TEXT_SIZE)
		return false;
	memcpy(head, text.bytes, text.size);
	head[text.size] = '\0';
	return strspn(head, "0123456789abcdef") == HASH_TEXT_SIZE;
}

static struct error not_a_note(const char *why)
{
	return error_reject("note", 0, "it is no checkpoint: %s", why);
}

struct error note_parse(struct slice whole, struct note *note)
{
	struct slice text, lines;
	*note = (struct note){0};
	if (whole.size > NOTE_SIZE_MAX)
		return not_a_note("it is too long");
	if (slice_has(whole, '\r'))
		return not_a_note("its lines end with a carriage return; take those out");
	if (!note_is_clean(whole))
		return not_a_note("it is not UTF-8, or has controls in it");
	if (!signatures_find(whole, &text, &lines))
		return not_a_note("it has no empty line with whole lines behind it");
	struct slice origin = slice_take(&text, '\n');
	if (!note_is_origin(origin))
		return not_a_note("its first line is not an origin");
	memcpy(note->origin, origin.bytes, origin.size);
	if (!number_parse(slice_take(&text, '\n'), &note->number))
		return not_a_note("its second line is not a number of runs");
	if (!head_parse(slice_take(&text, '\n'), note->head))
		return not_a_note("its third line is not the head of a chain");
	if (text.size > 0)
		return not_a_note("it has a fourth line before its signatures");
	if (!signatures_are_formed(lines))
		return not_a_note("its last lines are not signatures");
	return OK;
}

bool note_is_by(struct slice text, const struct note_key *key)
{
	struct note note;
	struct error error = note_parse(text, &note);
	const char *name = note_key_name(key);
	return !is_error(&error) && (!*name || strcmp(name, note.origin) == 0) &&
	       note_text_is_by(text, slice_of(note.origin), key);
}
