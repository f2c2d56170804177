/*
 * piece: what a drop puts into the inbox under one name: the file, or what lies beside it. Of
 * drop.c.
 */
#ifndef CTL_PIECE_H
#define CTL_PIECE_H

#include "drop.h"

enum { PIECE_PART_SIZE = 40 };

struct piece {
	const char *end; /* behind the file's name; "": the file. NULL: there is no such piece */
	int file;
	char part[PIECE_PART_SIZE];
	bool has_part;  /* something has that name */
	bool is_placed; /* it has its own name */
	uint64_t bytes;
	char sha256[HASH_TEXT_SIZE + 1];
};

#define PIECE_NONE ((struct piece){.file = -1})

/* No waiting gives somebody a right: such an error is REJECT. */
struct error piece_of_caller(struct error error);

/* Flushed, under no name or one that enrold passes over. from: -1: it is empty. */
struct error piece_write(
    struct piece *piece, const struct drop *drop, const char *end, int from) MUST_CHECK;
/* Gives it its name. RETRY: something has it. What lies beside a file may be there already, left by
 * somebody who was killed before the file itself came. */
struct error piece_place(struct piece *piece, struct drop *drop) MUST_CHECK;
void piece_take_back(struct piece *piece, const struct drop *drop);
void piece_done(struct piece *piece, const struct drop *drop);

#endif
