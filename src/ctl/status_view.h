#ifndef CTL_STATUS_VIEW_H
#define CTL_STATUS_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* daemons: what each of them says; feeds and needs: of them all. False: it could not be written. */
bool status_view_print(const json_t *daemons, const json_t *feeds, const json_t *needs, FILE *to);

#endif
