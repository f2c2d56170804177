/* note_form: how names and bytes are written in a note. */
#include "note_parts.h"

#include "enrold/value.h"

#include <assert.h>
#include <openssl/evp.h>

bool note_is_clean(struct slice text)
{
	if (value_check(text) != VALUE_CLEAN)
		return false;
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.bytes[i] < ' ' && text.bytes[i] != '\n')
			return false;
	return true;
}

bool note_is_name(struct slice text)
{
	uint32_t stray;
	return text.size > 0 && note_is_clean(text) && !slice_has(text, ' ') &&
	       !slice_has(text, '+') && !value_find_stray(text, &stray);
}

bool note_is_origin(struct slice name)
{
	return name.size <= NOTE_ORIGIN_MAX && note_is_name(name);
}

void note_encode(const unsigned char *bytes, size_t size, struct buffer *out)
{
	unsigned char text[256];
	assert(4 * ((size + 2) / 3) < sizeof text);
	buffer_add(out, text, (size_t)EVP_EncodeBlock(text, bytes, (int)size));
}

static size_t padding_of(struct slice text)
{
	size_t count = 0;
	while (count < 2 && count < text.size && text.bytes[text.size - 1 - count] == '=')
		count++;
	return count;
}

static int digit_of(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

size_t note_decoded_size(struct slice text)
{
	size_t padding = padding_of(text);
	if (text.size == 0 || text.size % 4 != 0)
		return 0;
	for (size_t i = 0; i < text.size - padding; i++)
		if (digit_of(text.bytes[i]) < 0)
			return 0;
	/* Bits of the last digit that stand for nothing are zero. */
	int last = digit_of(text.bytes[text.size - padding - 1]);
	if ((padding == 1 && (last & 3)) || (padding == 2 && (last & 15)))
		return 0;
	return text.size / 4 * 3 - padding;
}

bool note_decode(struct slice text, unsigned char *bytes, size_t size)
{
	unsigned int bits = 0, count = 0;
	size_t done = 0;
	if (note_decoded_size(text) != size)
		return false;
	for (size_t i = 0; done < size; i++) {
		bits = bits << 6 | (unsigned int)digit_of(text.bytes[i]);
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		bytes[done++] = (unsigned char)(bits >> count);
		bits &= (1U << count) - 1;
	}
	return true;
}
