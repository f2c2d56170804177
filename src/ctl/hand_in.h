/*
 * hand_in: a file is dropped, and what became of it told: what submit, preview and retry have in
 * common.
 */
#ifndef CTL_HAND_IN_H
#define CTL_HAND_IN_H

#include "ctl.h"
#include "drop.h"

/* The feed that --feed names, or "default". NULL: there is no such feed, which has been said. */
const struct feed *hand_in_feed(const struct ctl *ctl);

/* The source is open. wanted: its sha256, NULL: any. With --wait, the answer is awaited. */
enum ctl_exit hand_in(const struct ctl *ctl, const struct lane *lane,
    const struct drop_source *source, const char *wanted);

#endif
