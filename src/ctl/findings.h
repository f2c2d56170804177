/*
 * findings: what a check has found, a line each as it is found, or with --json one array at its
 * end: {"finding": "ok", "about": "inbox/hr", "text": "..."}.
 */
#ifndef CTL_FINDINGS_H
#define CTL_FINDINGS_H

#include "ctl.h"

#include "enrold/site.h"

#include <jansson.h>

struct findings {
	json_t *list; /* with --json; else NULL */
	bool has_bad;
};

void findings_begin(struct findings *findings, bool is_json);
/* The exit code that fits. */
enum ctl_exit findings_end(struct findings *findings);

void findings_add(struct findings *findings, enum finding finding, const char *about,
    const char *format, ...) PRINTF_LIKE(4, 5);
/* Something was wrong, and is right now: "fixed". */
void findings_add_fixed(struct findings *findings, const char *about, const char *text);
/* Takes what site_check finds; context: a struct findings. */
void findings_on(void *context, enum finding finding, const char *about, const char *text);

#endif
