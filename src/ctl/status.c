/*
 * enrolctl status: how things stand, in a line, then what there is to do, then each feed. Of
 * several daemons all are asked, and each feed is shown as that one has it that serves it.
 */
#include "answered.h"
#include "ask.h"
#include "offline.h"
#include "status_check.h"
#include "status_view.h"
#include "terminal.h"
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- several daemons as one ---- */

/* The higher, the more it says. */
static int weight_of(const json_t *feed)
{
	static const char *const quiet[] = {"elsewhere", "idle", "paused", "waits", "queued"};
	for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++)
		if (strcmp(words_text(feed, "state"), quiet[i]) == 0)
			return (int)i;
	return strcmp(words_text(feed, "state"), "running") == 0 ? 99 : 50;
}

static void feed_merge(json_t *feeds, json_t *feed)
{
	size_t i;
	json_t *known;
	json_array_foreach(feeds, i, known)
	{
		if (strcmp(words_text(known, "feed"), words_text(feed, "feed")) != 0)
			continue;
		if (weight_of(feed) > weight_of(known))
			json_array_set(feeds, i, feed);
		return;
	}
	json_array_append(feeds, feed);
}

static bool need_is_known(const json_t *needs, const json_t *need)
{
	size_t i;
	const json_t *known;
	json_array_foreach(needs, i, known) if (json_equal(known, need)) return true;
	return false;
}

static json_t *feeds_merge(const json_t *daemons)
{
	size_t i, j;
	json_t *daemon, *feed, *feeds = json_array();
	json_array_foreach(daemons, i, daemon)
	    json_array_foreach(json_object_get(daemon, "feeds"), j, feed) feed_merge(feeds, feed);
	return feeds;
}

static json_t *needs_merge(const json_t *daemons)
{
	size_t i, j;
	json_t *daemon, *need, *needs = json_array();
	json_array_foreach(daemons, i, daemon) json_array_foreach(json_object_get(daemon, "needs"),
	    j, need) if (!need_is_known(needs, need)) json_array_append(needs, need);
	return needs;
}

/* ---- asking ---- */

/* What all daemons say; or what the spool does, when there are none: CTL_NO_DAEMON. */
static enum ctl_exit look(const struct ctl *ctl, json_t **daemons)
{
	enum ctl_exit status = ask_all(ctl, json_pack("{s:s}", "command", "status"), daemons);
	if (status == CTL_NO_DAEMON)
		*daemons = json_pack("[o]", offline_status(ctl->config));
	return status;
}

static bool eyes_print(const json_t *daemons, size_t lines_max)
{
	json_t *needs = needs_merge(daemons), *feeds = feeds_merge(daemons);
	bool is_printed = status_view_print(daemons, feeds, needs, lines_max, stdout);
	json_decref(needs);
	json_decref(feeds);
	return is_printed;
}

static enum ctl_exit show_once(const struct ctl *ctl)
{
	json_t *daemons = NULL;
	enum ctl_exit status = look(ctl, &daemons);
	if (!daemons)
		return status;
	bool is_printed = ctl->json ? answered_objects(daemons) : eyes_print(daemons, 0);
	json_decref(daemons);
	if (is_printed && fflush(stdout) == 0)
		return status;
	struct error error = error_errno("cannot write the status");
	return ctl_fail(&error);
}

enum { WATCH_S = 1 };

/* In place on a terminal: when the new picture is there the old one goes. */
static enum ctl_exit watch_once(const struct ctl *ctl, size_t height)
{
	json_t *daemons = NULL;
	enum ctl_exit status = look(ctl, &daemons);
	fputs("\033[H\033[J", stdout);
	if (daemons)
		eyes_print(daemons, height);
	json_decref(daemons);
	return status;
}

static enum ctl_exit watch(const struct ctl *ctl)
{
	bool is_terminal = isatty(STDOUT_FILENO) && !ctl->json;
	const struct timespec pause = {.tv_sec = WATCH_S};
	for (;;) {
		enum ctl_exit status =
		    is_terminal ? watch_once(ctl, terminal_of(stdout).height) : show_once(ctl);
		if (!is_terminal && !ctl->json)
			putchar('\n');
		/* A daemon may come back. */
		if (status != CTL_OK && status != CTL_NO_DAEMON && status != CTL_TRY_LATER)
			return status;
		if (fflush(stdout) != 0 || ferror(stdout))
			return CTL_TRY_LATER;
		nanosleep(&pause, NULL);
	}
}

/* ---- for a monitor ---- */

static int look_print(const json_t *daemons, bool is_there)
{
	json_t *needs = needs_merge(daemons), *feeds = feeds_merge(daemons);
	const char *missing = is_there ? NULL : words_text(json_array_get(daemons, 0), "state");
	int level = status_check_print(feeds, needs, missing, stdout);
	json_decref(needs);
	json_decref(feeds);
	return level;
}

static enum ctl_exit check(const struct ctl *ctl)
{
	json_t *daemons = NULL;
	enum ctl_exit status = look(ctl, &daemons);
	int level = STATUS_CRITICAL;
	if (daemons)
		level = look_print(daemons, status == CTL_OK);
	else
		printf("ENROLD CRITICAL - the daemon did not answer\n");
	json_decref(daemons);
	return (enum ctl_exit)level;
}

enum ctl_exit ctl_status(const struct ctl *ctl)
{
	if (ctl->options[OPTION_CHECK])
		return check(ctl);
	return ctl->options[OPTION_WATCH] ? watch(ctl) : show_once(ctl);
}
