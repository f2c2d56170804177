/*
 * checksum: what sha256sum writes, read for one file: lines of 64 digits, a blank, a blank or *,
 * and a name. A hash alone will do, and so will the only line there is, whatever name it has. Pure:
 * the bytes come from whoever may drop files.
 */
#ifndef RUN_CHECKSUM_H
#define RUN_CHECKSUM_H

#include "enrold/slice.h"

enum checksum { CHECKSUM_AGREES, CHECKSUM_DIFFERS, CHECKSUM_MISSING };

/* MISSING: no line is for the file. sha256: 64 digits in lower case. */
enum checksum checksum_compare(struct slice text, struct slice name, const char *sha256);

#endif
