/*
 * disk: the calls with which enrold changes its spool, taken over by the linker (--wrap). Each asks
 * fate first; what is done is told to a platter, which knows what a power cut would leave.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stddef.h>

/* From now on all below the directory is watched. */
void disk_watch(const char *directory);
/* The same where the power stays. */
void disk_watch_lightly(const char *directory);
/* Somebody else has put a file there. */
void disk_drop(const char *path, const void *bytes, size_t size);
/* The power goes: what was not flushed may be gone. */
void disk_lose_power(void);

#endif
