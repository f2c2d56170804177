/*
 * naming: what a file of a run is called where it lies. That is what names.h makes of the input's
 * name today, or, of a run of an enrold that knew no ending but ".csv", what that made of it: both
 * are looked for, where they differ.
 */
#ifndef ENROLD_NAMING_H
#define ENROLD_NAMING_H

#include "enrold/names.h"

/* Open data; borrowed. */
struct naming {
	const char *input, *run; /* "night.zip" */
	const char *suffix;      /* ".result.csv" */
	/* It is the input, or lies beside it: suffix is "", or ".reason.txt". */
	bool is_input;
};

/* In the folder, a path below the directory: "." is itself. As today, where neither lies there; a
 * packed one counts as well. */
void naming_find(
    int directory, const char *folder, const struct naming *of, char name[FILE_NAME_SIZE]);

/* It is called so, today or earlier. */
bool naming_is(const struct naming *of, const char *name);

#endif
