/*
 * packed: an old answer's file lies in the outbox as "staff.R.result.csv.gz" (`compress` of
 * enrold.yaml(5)); what is hashed and read of it are always the plain bytes. While it is packed
 * both are there: the plain one counts, and goes last.
 */
#ifndef ENROLD_PACKED_H
#define ENROLD_PACKED_H

#include "enrold/error.h"

#define PACKED_SUFFIX ".gz"

/* The plain bytes of `name`, whether it lies there as itself or packed, from their beginning: of a
 * packed one in a nameless file. *file -1 and no error: neither is there. The caller closes it.
 * REJECT: what is packed cannot be unpacked. */
struct error packed_open(int directory, const char *name, int *file) MUST_CHECK;

#endif
