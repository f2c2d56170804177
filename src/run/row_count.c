#include "row_count.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool row_count_parse(struct slice text, uint64_t *rows)
{
	while (text.size > 0 && is_blank(text.bytes[text.size - 1]))
		text.size--;
	for (; text.size > 0 && is_blank(text.bytes[0]); text.bytes++)
		text.size--;
	*rows = 0;
	for (size_t i = 0; i < text.size; i++) {
		uint64_t digit = (uint64_t)(text.bytes[i] - '0');
		if (text.bytes[i] < '0' || text.bytes[i] > '9' || *rows > (UINT64_MAX - digit) / 10)
			return false;
		*rows = *rows * 10 + digit;
	}
	return text.size > 0;
}
