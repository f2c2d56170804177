/*
 * show: one run for eyes, or as JSON: enrolctl show, and where others end with it.
 */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include "ctl.h"

/* run: an id or "last". */
enum ctl_exit show_run(const struct ctl *ctl, const char *run);

#endif
