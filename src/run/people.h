/*
 * people: how many people a file is about: distinct cells of the column that says who is meant,
 * letter case and blanks aside. Eight bytes and a spot for each: of two names the hashes of 64 bits
 * are never the same by chance.
 */
#ifndef RUN_PEOPLE_H
#define RUN_PEOPLE_H

#include "enrold/columns.h"
#include "enrold/csvin.h"
#include "enrold/hashlist.h"
#include "enrold/outcome.h"

struct people {
	struct hashlist names;
	uint32_t key; /* the column; COLUMN_NONE: the file is about nobody */
	bool has_failed;
};

void people_begin(struct people *people);
void people_header(struct people *people, const struct header *header);
void people_add(struct people *people, const struct csvin_record *record);
void people_done(struct people *people);

#endif
