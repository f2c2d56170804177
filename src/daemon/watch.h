/*
 * watch: inotify on the inboxes. Events are hints, never the truth: one arms a scan of its feed and
 * vouches for a name. libuv's own uv_fs_event tells neither a writer's close nor an overflow, so
 * the descriptor is ours and libuv only polls it. On the loop's thread.
 *
 * A machine without watches to spare, or a file system that has none, is served by rescans alone.
 */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include "enrold/error.h"

#include <stddef.h>
#include <uv.h>

struct watch;

/* name: who vouched, NULL: only look. place WATCH_ALL: everything may have changed. */
typedef void watch_on_event(void *context, size_t place, const char *name);
#define WATCH_ALL SIZE_MAX

/* Watches nothing yet. places: how many there may be. */
struct error watch_start(uv_loop_t *loop, size_t places, watch_on_event *on_event, void *context,
    struct watch **result) MUST_CHECK;
/* The memory goes when the loop has closed its handle. */
void watch_stop(struct watch *watch);

/* Watches the open directory from now on; nothing happens when it is watched already. RETRY: the
 * kernel has no watch for it. */
struct error watch_place(struct watch *watch, size_t index, int directory) MUST_CHECK;
/* The same, but hears only of the directory itself and of directories in it: a file that somebody
 * keeps there is nobody's concern. */
struct error watch_place_of_folders(struct watch *watch, size_t index, int directory) MUST_CHECK;
/* Like watch_place, and also hears of what leaves it. */
struct error watch_place_leaving(struct watch *watch, size_t index, int directory) MUST_CHECK;

#endif
