/*
 * db_spelling: what the engines share when they look how a text is spelt.
 */
#include "engine.h"

#include <utf8proc.h>

struct slice db_condition(const struct db_column *column, const char *alias, struct arena *arena)
{
	if (!column->first)
		return SLICE("");
	return arena_print(
	    arena, "%s%s = %lld AND ", alias, column->first, (long long)column->first_is);
}

bool db_is_spelling(struct slice a, struct slice b)
{
	while (a.size > 0 && a.bytes[a.size - 1] == ' ')
		a.size--;
	while (a.size > 0 && b.size > 0) {
		utf8proc_int32_t x, y;
		utf8proc_ssize_t step = utf8proc_iterate(
		    (const utf8proc_uint8_t *)a.bytes, (utf8proc_ssize_t)a.size, &x);
		utf8proc_ssize_t other = utf8proc_iterate(
		    (const utf8proc_uint8_t *)b.bytes, (utf8proc_ssize_t)b.size, &y);
		if (step <= 0 || other <= 0 ||
		    (x != y && utf8proc_tolower(x) != utf8proc_tolower(y)))
			return false;
		a = (struct slice){a.bytes + step, a.size - (size_t)step};
		b = (struct slice){b.bytes + other, b.size - (size_t)other};
	}
	return a.size == 0 && b.size == 0;
}
