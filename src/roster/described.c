#include "enrold/described.h"

#include "enrold/buffer.h"

static bool is_plain(struct slice value)
{
	for (size_t i = 0; i < value.size; i++)
		if (slice_has(SLICE("%;=\r\n"), value.bytes[i]))
			return false;
	return true;
}

struct slice described_escape(struct slice value, struct arena *arena)
{
	if (is_plain(value))
		return value;
	struct buffer text = {0};
	for (size_t i = 0; i < value.size; i++) {
		if (slice_has(SLICE("%;=\r\n"), value.bytes[i]))
			buffer_print(&text, "%%%02X", (unsigned char)value.bytes[i]);
		else
			buffer_add_char(&text, value.bytes[i]);
	}
	if (text.failed)
		arena_fail(arena);
	struct slice copy = arena_copy(arena, buffer_slice(&text));
	buffer_done(&text);
	return copy;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct slice unescaped(struct slice value, struct arena *arena)
{
	if (!slice_has(value, '%'))
		return value;
	char *bytes = arena_alloc(arena, value.size);
	size_t size = 0;
	for (size_t i = 0; bytes && i < value.size; i++) {
		bool is_escape = value.bytes[i] == '%' && i + 2 < value.size &&
		                 digit(value.bytes[i + 1]) >= 0 && digit(value.bytes[i + 2]) >= 0;
		bytes[size++] =
		    is_escape ? (char)(digit(value.bytes[i + 1]) * 16 + digit(value.bytes[i + 2]))
		              : value.bytes[i];
		i += is_escape ? 2 : 0;
	}
	return bytes ? (struct slice){bytes, size} : SLICE("");
}

/* Without its escapes only where it is wanted: most are looked at for their name. */
static bool pair_next(struct slice *rest, struct slice *name, struct slice *value)
{
	while (rest->size > 0) {
		*value = slice_take(rest, ';');
		bool is_pair = slice_has(*value, '=');
		*name = slice_take(value, '=');
		if (is_pair)
			return true;
	}
	return false;
}

bool described_next(
    struct slice *rest, struct slice *name, struct slice *value, struct arena *arena)
{
	if (!pair_next(rest, name, value))
		return false;
	*value = unescaped(*value, arena);
	return true;
}

bool described_find(struct slice text, const char *name, struct arena *arena, struct slice *value)
{
	struct slice is, written;
	while (pair_next(&text, &is, &written))
		if (slice_is(is, slice_of(name))) {
			*value = unescaped(written, arena);
			return true;
		}
	return false;
}
