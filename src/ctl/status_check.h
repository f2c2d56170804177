/*
 * status_check: the state of things in one line for a monitor, as plugins of Nagios say it.
 */
#ifndef CTL_STATUS_CHECK_H
#define CTL_STATUS_CHECK_H

#include <jansson.h>
#include <stdio.h>

/* Their exit codes. */
enum { STATUS_OK, STATUS_WARNING, STATUS_CRITICAL };

/* missing: why there is no daemon; NULL: there is one. */
int status_check_print(const json_t *feeds, const json_t *needs, const char *missing, FILE *to);

#endif
