/*
 * folder: what the folders are called in which files of a run lie when it is over.
 */
#include "enrold/spool.h"

#include <stdio.h>

void spool_folder(
    enum spool_folder folder, struct slice feed, const char *run, char path[SPOOL_PATH_SIZE])
{
	bool is_default = slice_is(feed, SLICE("default"));
	switch (folder) {
	case SPOOL_ARCHIVE:
		snprintf(path, SPOOL_PATH_SIZE, "archive/%.4s/%.2s/%.2s", run, run + 4, run + 6);
		break;
	case SPOOL_OUTBOX:
		/* That of the feed default is the outbox itself, and has the others' in it. */
		snprintf(path, SPOOL_PATH_SIZE, "outbox%s%.*s", is_default ? "" : "/",
		    is_default ? 0 : (int)feed.size, feed.bytes);
		break;
	case SPOOL_QUARANTINE: snprintf(path, SPOOL_PATH_SIZE, "quarantine"); break;
	case SPOOL_HELD: snprintf(path, SPOOL_PATH_SIZE, "held/%.*s", SLICE_ARG(feed)); break;
	case SPOOL_FOLDERS: *path = '\0'; break;
	}
}
