/*
 * trial: what the sysadmin asks enrold-notify beforehand: who is told of what, and whether a
 * message arrives. Queue and state are not touched.
 */
#ifndef NOTIFY_TRIAL_H
#define NOTIFY_TRIAL_H

#include "sender.h"

/* Prints a line for each feed; sends nothing. SENDER_CONFIG: something is wrong. */
enum sender_status trial_check(const char *config);
/* One attempt each, and a line of what became of it. */
enum sender_status trial_send(const char *config, const char *feed);

#endif
