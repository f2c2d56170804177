#ifndef CTL_STATUS_VIEW_H
#define CTL_STATUS_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* daemons: what each of them says; feeds and needs: of them all. lines_max: where they do not fit,
 * feeds with nothing to do are only counted; 0: no limit. False: it could not be written. */
bool status_view_print(
    const json_t *daemons, const json_t *feeds, const json_t *needs, size_t lines_max, FILE *to);

#endif
