/*
 * foreign: files that are no text at all, whatever their names end in, by how they begin: a
 * workbook that was renamed instead of exported. Pure.
 */
#ifndef ENROLD_FOREIGN_H
#define ENROLD_FOREIGN_H

#include "enrold/slice.h"

/* "a workbook (xlsx, ods) or a ZIP archive: export it as CSV"; NULL: it may be text. */
const char *foreign_find(struct slice beginning);

#endif
