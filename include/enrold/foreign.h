/*
 * foreign: files that are no text at all, whatever their names end in, by how they begin: a
 * workbook that was renamed instead of exported. Pure.
 */
#ifndef ENROLD_FOREIGN_H
#define ENROLD_FOREIGN_H

#include "enrold/slice.h"

/* For who has a workbook or another document of an office, all of which are ZIP archives. */
#define FOREIGN_DOCUMENT                                                                           \
	"a workbook (xlsx, ods) or another document of an office program: open it, save it as "    \
	"'CSV UTF-8', and drop that"

/* It is a ZIP archive, and by the name of its first member such a document; 64 bytes of its
 * beginning are enough. */
bool foreign_is_document(struct slice beginning);
/* A member of this name is in nothing else. */
bool foreign_is_document_part(struct slice name);

/* "a PDF document: export the table as CSV"; NULL: it may be text. */
const char *foreign_find(struct slice beginning);

#endif
