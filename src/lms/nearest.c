#include "nearest.h"

#include <strings.h>

enum { LENGTH_MAX = 64, SLIPS_MAX = 2 };

static size_t min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment: insertions, deletions, replacements, and neighbours exchanged, which is
 * what fingers do. Three rows of the matrix are kept.
 */
static size_t slips(struct slice a, struct slice b)
{
	size_t rows[3][LENGTH_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b.size; j++)
		above[j] = j;
	for (size_t i = 1; i <= a.size; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			bool same = a.bytes[i - 1] == b.bytes[j - 1];
			row[j] = min_of(above[j - 1] + !same, min_of(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a.bytes[i - 1] == b.bytes[j - 2] &&
			    a.bytes[i - 2] == b.bytes[j - 1])
				row[j] = min_of(row[j], before[j - 2] + 1);
		}
		size_t *next = before;
		before = above;
		above = row;
		row = next;
	}
	return above[b.size];
}

struct slice nearest_find(const struct slice *names, size_t names_count, struct slice name)
{
	struct slice nearest = SLICE("");
	size_t least = SLIPS_MAX + 1;
	if (name.size == 0 || name.size > LENGTH_MAX)
		return nearest;
	for (size_t i = 0; i < names_count && least > 0; i++) {
		size_t size = names[i].size;
		if (size > LENGTH_MAX || size > name.size + SLIPS_MAX ||
		    name.size > size + SLIPS_MAX)
			continue;
		bool is_case = size == name.size && !strncasecmp(names[i].bytes, name.bytes, size);
		size_t count = is_case ? 0 : slips(name, names[i]);
		/* Two slips turn any short name into any other: two thirds must be right. */
		if (count < least && count * 3 <= name.size) {
			least = count;
			nearest = names[i];
		}
	}
	return nearest;
}
