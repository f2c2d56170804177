/*
 * enrolctl status: how things stand, in a line, then what there is to do, then each feed. Of
 * several daemons all are asked, and each feed is shown as that one has it that serves it.
 */
#include "ask.h"
#include "member.h"
#include "offline.h"
#include "status_view.h"
#include "terminal.h"

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
		if (strcmp(member_text(feed, "state"), quiet[i]) == 0)
			return (int)i;
	return strcmp(member_text(feed, "state"), "running") == 0 ? 99 : 50;
}

static void feed_merge(json_t *feeds, json_t *feed)
{
	size_t i;
	json_t *known;
	json_array_foreach(feeds, i, known)
	{
		if (strcmp(member_text(known, "feed"), member_text(feed, "feed")) != 0)
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

static bool eyes_print(const json_t *daemons)
{
	json_t *needs = needs_merge(daemons), *feeds = feeds_merge(daemons);
	bool is_printed = status_view_print(daemons, feeds, needs, stdout);
	json_decref(needs);
	json_decref(feeds);
	return is_printed;
}

static bool status_print_json(const json_t *daemons)
{
	size_t i;
	const json_t *daemon;
	json_array_foreach(daemons, i, daemon)
	{
		json_dumpf(daemon, stdout, JSON_COMPACT);
		putchar('\n');
	}
	return fflush(stdout) == 0;
}

static enum ctl_exit show_once(const struct ctl *ctl)
{
	json_t *daemons = NULL;
	enum ctl_exit status = look(ctl, &daemons);
	if (!daemons)
		return status;
	bool is_printed = ctl->json ? status_print_json(daemons) : eyes_print(daemons);
	json_decref(daemons);
	return is_printed ? status : CTL_TRY_LATER;
}

enum { WATCH_S = 1 };

/* In place on a terminal: home, the new picture, and what is left of the old one goes. */
static enum ctl_exit watch(const struct ctl *ctl)
{
	bool is_terminal = isatty(STDOUT_FILENO) && !ctl->json;
	const struct timespec pause = {.tv_sec = WATCH_S};
	enum ctl_exit status;
	if (is_terminal)
		fputs("\033[2J", stdout);
	for (;;) {
		if (is_terminal)
			fputs("\033[H\033[J", stdout);
		status = show_once(ctl);
		if (status != CTL_OK && status != CTL_NO_DAEMON)
			return status;
		if (!is_terminal && !ctl->json)
			putchar('\n');
		if (fflush(stdout) != 0)
			return CTL_TRY_LATER;
		nanosleep(&pause, NULL);
	}
}

/* ---- for a monitor ---- */

/* Exit codes of Nagios' plugins. */
enum { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL };

static size_t files_waiting(const json_t *feeds)
{
	size_t i, count = 0;
	const json_t *feed;
	json_array_foreach(feeds, i, feed) count +=
	    (size_t)member_number(json_object_get(feed, "waiting"), "files");
	return count;
}

static size_t runs_running(const json_t *feeds)
{
	size_t i, count = 0;
	const json_t *feed;
	json_array_foreach(feeds, i, feed) count +=
	    json_array_size(json_object_get(feed, "running"));
	return count;
}

/* The worst comes first. */
static int worst_find(const json_t *needs, const json_t **worst)
{
	size_t i;
	const json_t *need;
	int level = CHECK_OK;
	*worst = NULL;
	json_array_foreach(needs, i, need)
	{
		bool is_critical = strcmp(member_text(need, "level"), "critical") == 0;
		int its = is_critical ? CHECK_CRITICAL : CHECK_WARNING;
		if (its > level)
			*worst = need;
		level = its > level ? its : level;
	}
	return level;
}

static int check_print(const json_t *daemons, bool is_there)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
	const json_t *worst;
	json_t *needs = needs_merge(daemons), *feeds = feeds_merge(daemons);
	int level = worst_find(needs, &worst);
	level = is_there ? level : CHECK_CRITICAL;
	printf("ENROLD %s - ", words[level]);
	if (!is_there)
		terminal_write(stdout, member_text(json_array_get(daemons, 0), "state"));
	else if (worst) {
		const char *feed = member_text(worst, "feed");
		printf("%s%s", feed, *feed ? ": " : "");
		terminal_write(stdout, member_text(worst, "what"));
		if (json_array_size(needs) > 1)
			printf(", and %zu more", json_array_size(needs) - 1);
	} else {
		printf(
		    "%zu feed%s", json_array_size(feeds), json_array_size(feeds) == 1 ? "" : "s");
	}
	printf(" | waiting=%zu running=%zu needs=%zu feeds=%zu\n", files_waiting(feeds),
	    runs_running(feeds), json_array_size(needs), json_array_size(feeds));
	json_decref(needs);
	json_decref(feeds);
	return fflush(stdout) == 0 ? level : CHECK_CRITICAL;
}

static enum ctl_exit check(const struct ctl *ctl)
{
	json_t *daemons = NULL;
	enum ctl_exit status = look(ctl, &daemons);
	int level = CHECK_CRITICAL;
	if (daemons)
		level = check_print(daemons, status == CTL_OK);
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
