/*
 * ask: a request to the daemon, and its answer as JSON objects; enrold(8) has the protocol. What
 * needs no daemon is answered without one.
 */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include "ctl.h"

#include <jansson.h>

/*
 * Takes request, "v" aside: {"command":"show","run":"last"}. *answer: an array of objects, given to
 * the caller; NULL unless CTL_OK. What went wrong has been said on stderr. CTL_NO_DAEMON: it needs
 * one, and there is none.
 */
enum ctl_exit ask(const struct ctl *ctl, json_t *request, json_t **answer);
/* The same, and what went wrong is not said. */
enum ctl_exit ask_quietly(const struct ctl *ctl, json_t *request, json_t **answer);
/* The same of every daemon that is there: *answer has what each of them says. */
enum ctl_exit ask_all(const struct ctl *ctl, json_t *request, json_t **answer);

#endif
