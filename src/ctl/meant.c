#include "meant.h"

#include "terminal.h"

#include "enrold/nearest.h"

#include <stdint.h>
#include <stdio.h>

void meant_tell(const char *what, const char *word, meant_name *name_at, const void *context,
    const char *otherwise)
{
	struct nearest *nearest = nearest_create();
	struct slice found = {"", 0};
	size_t budget = SIZE_MAX, i = 0;
	bool is_good = nearest != NULL;
	for (const char *name; is_good && (name = name_at(context, i)); i++)
		is_good = nearest_add(nearest, slice_of(name));
	if (is_good)
		is_good = nearest_find(nearest, slice_of(word), &budget, &found);
	fprintf(stderr, "enrolctl: there is no %s ", what);
	terminal_write(stderr, word);
	if (is_good && found.size > 0)
		fprintf(stderr, "; did you mean %.*s?\n", SLICE_ARG(found));
	else
		fprintf(stderr, "%s\n", otherwise);
	nearest_free(nearest);
}
