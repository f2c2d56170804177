#include "enrold/cut.h"

enum { LETTER_MAX = 4 }; /* bytes of a letter in UTF-8 */

static bool is_inside_letter(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

size_t cut_length(struct slice text, size_t max)
{
	if (text.size <= max)
		return text.size;
	size_t length = max;
	/* The byte that would be the first to go begins a letter, or those before it are of the
	 * same. */
	while (length > 0 && max - length < LETTER_MAX && is_inside_letter(text.bytes[length]))
		length--;
	return length;
}
