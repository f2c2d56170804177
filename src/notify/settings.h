/*
 * settings: enrold.yaml as it is now. It is read again when the file has changed; where the new one
 * is wrong the old one stays, which is said once.
 */
#ifndef NOTIFY_SETTINGS_H
#define NOTIFY_SETTINGS_H

#include "enrold/config.h"

#include <sys/stat.h>

struct settings {
	const char *path; /* borrowed */
	struct config_file *file;
	struct stat seen;
};

struct error settings_open(struct settings *settings, const char *path) MUST_CHECK;
/* Whatever was borrowed of the configuration is gone when it returns true. */
bool settings_look(struct settings *settings);
void settings_close(struct settings *settings);

const struct config *settings_get(const struct settings *settings);
/* NULL: there is no such feed, or nobody is told of it. */
const struct feed *settings_find(const struct settings *settings, const char *feed);
/* Bits of rule.h: what its people want to hear of. */
unsigned settings_wanted(const struct feed *feed);
/* It is among the feed's; to NULL: the feed has a webhook. */
bool settings_has(const struct feed *feed, const char *to);

#endif
