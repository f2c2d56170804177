/*
 * enrolctl prune: the word that what feeds keep no longer goes, to the daemon; where none runs it
 * is done at once. --dry-run: what would go.
 */
#include "ask.h"
#include "by_hand.h"
#include "ctl.h"
#include "owner.h"
#include "prune_show.h"
#include "when.h"

#include "enrold/disk.h"
#include "enrold/lms.h"
#include "enrold/orders.h"
#include "enrold/prune.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* ---- which feeds ---- */

/* The one that is named, or all of which something could go. */
static bool is_meant(const struct ctl *ctl, const struct feed *feed, int64_t before_s)
{
	const char *one = ctl->options[OPTION_FEED];
	return one ? strcmp(one, feed->name) == 0 : before_s != 0 || policy_prunes(&feed->policy);
}

/* CTL_OK: *before_s, 0: as the settings say. */
static enum ctl_exit terms_find(const struct ctl *ctl, int64_t *before_s)
{
	int64_t before_us = 0;
	const char *feed = ctl->options[OPTION_FEED], *before = ctl->options[OPTION_BEFORE];
	if (feed && !config_find_feed(ctl->config, feed)) {
		fprintf(stderr, "enrolctl: there is no feed %s\n", feed);
		return CTL_NO;
	}
	if (before && !when_parse(before, (int64_t)time(NULL), &before_us)) {
		fputs("enrolctl: --before takes a date such as 2026-01-01, or an age such as 90d\n",
		    stderr);
		return CTL_USAGE;
	}
	*before_s = before_us / 1000000;
	return CTL_OK;
}

/* ---- what would go ---- */

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct error feed_look(
    const struct feed *feed, int root, struct lms *lms, int64_t before_s, struct prune_shown *shown)
{
	struct prune_stays stays;
	const struct prune_terms terms = {.root = root,
	    .db = lms_db(lms),
	    .feed = feed->name,
	    .policy = &feed->policy,
	    .before_s = before_s,
	    .now_us = now_us()};
	struct error error = prune_find(&terms, prune_show, shown, &stays);
	if (!is_error(&error) && stays.altered > 0)
		fprintf(stderr,
		    "enrolctl: of feed %s %zu old file%s not as the database has %s, and stay%s: "
		    "%s\n",
		    feed->name, stays.altered, stays.altered == 1 ? " is" : "s are",
		    stays.altered == 1 ? "it" : "them", stays.altered == 1 ? "s" : "", stays.first);
	return error;
}

static enum ctl_exit look(const struct ctl *ctl, int64_t before_s)
{
	struct lms *lms = NULL;
	struct prune_shown shown = {.is_json = ctl->json};
	int root = -1;
	struct error error = owner_become(ctl->config->spool);
	if (!is_error(&error))
		root = open(ctl->config->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!is_error(&error) && root < 0)
		error = error_errno("cannot open the spool %s", ctl->config->spool);
	if (!is_error(&error))
		error = lms_open(&ctl->config->lms, &lms);
	for (size_t i = 0; i < ctl->config->feeds_count && !is_error(&error); i++)
		if (is_meant(ctl, &ctl->config->feeds[i], before_s))
			error = feed_look(&ctl->config->feeds[i], root, lms, before_s, &shown);
	lms_close(lms);
	if (root >= 0)
		close(root);
	if (is_error(&error)) {
		json_decref(shown.list);
		return ctl_fail(&error);
	}
	prune_show_end(&shown, false);
	return CTL_OK;
}

/* ---- at once ---- */

/* The list of that run, as it lies in the archive; -1: it does not. */
static int list_open(const struct spool *spool, const char run[RUN_ID_SIZE + 1])
{
	char path[SPOOL_PATH_SIZE], end[RUN_ID_SIZE + 8];
	int file = -1;
	spool_folder(SPOOL_ARCHIVE, SLICE(""), run, path);
	snprintf(end, sizeof end, ".%s.csv", run);
	int day = openat(spool->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *listing = day < 0 ? NULL : disk_list(day);
	const struct dirent *entry;
	while (listing && file < 0 && (entry = readdir(listing))) {
		size_t length = strlen(entry->d_name), tail = strlen(end);
		if (length > tail && strcmp(entry->d_name + length - tail, end) == 0)
			file = openat(day, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (listing)
		closedir(listing);
	if (day >= 0)
		close(day);
	return file;
}

static struct error gone_show(
    const struct spool *spool, const char run[RUN_ID_SIZE + 1], struct prune_shown *shown)
{
	if (*run == '\0')
		return OK;
	int file = list_open(spool, run);
	if (file < 0)
		return error_retry(
		    "run %s has not come to its end: the daemon goes on with it", run);
	struct error error = prune_read(file, prune_show, shown);
	close(file);
	return error;
}

static struct order order_make(const struct ctl *ctl, const char *feed, int64_t before_s)
{
	const char *why = ctl->options[OPTION_WHY];
	struct order order = {.kind = ORDER_PRUNE,
	    .at_s = (int64_t)time(NULL),
	    .uid = (int64_t)getuid(),
	    .loginuid = owner_login(),
	    .before_s = before_s};
	snprintf(order.subject, sizeof order.subject, "%s", feed);
	snprintf(order.feed, sizeof order.feed, "%s", feed);
	snprintf(order.why, sizeof order.why, "%s", why ? why : "");
	return order;
}

static struct error feed_do(const struct ctl *ctl, const struct spool *spool, const char *by,
    const char *feed, int64_t before_s, struct prune_shown *shown)
{
	char run[RUN_ID_SIZE + 1];
	struct order order = order_make(ctl, feed, before_s);
	snprintf(order.by, sizeof order.by, "%s", by);
	struct error error = order_give(spool->orders, &order);
	if (!is_error(&error))
		error = by_hand(ctl->config, spool, &order, run);
	return is_error(&error) ? error : gone_show(spool, run, shown);
}

static enum ctl_exit at_once(const struct ctl *ctl, int64_t before_s)
{
	char by[OWNER_NAME_SIZE];
	struct spool spool = SPOOL_CLOSED;
	struct prune_shown shown = {.is_json = ctl->json};
	owner_name(by);
	struct error error = owner_become(ctl->config->spool);
	if (!is_error(&error))
		error = spool_open(ctl->config, &spool);
	for (size_t i = 0; i < ctl->config->feeds_count && !is_error(&error); i++)
		if (is_meant(ctl, &ctl->config->feeds[i], before_s))
			error =
			    feed_do(ctl, &spool, by, ctl->config->feeds[i].name, before_s, &shown);
	spool_close(&spool);
	if (is_error(&error)) {
		json_decref(shown.list);
		return ctl_fail(&error);
	}
	openlog("enrolctl", LOG_PID, LOG_DAEMON);
	syslog(LOG_INFO, "%s ordered: prune", by);
	closelog();
	if (config_is_shared(ctl->config) && !ctl->json)
		puts("No daemon runs here: the next one heeds it.");
	else
		prune_show_end(&shown, true);
	return CTL_OK;
}

/* ---- the daemon's ---- */

static enum ctl_exit feed_ask(const struct ctl *ctl, const char *feed, int64_t before_s)
{
	json_t *answer, *request = json_pack("{s:s, s:s}", "command", "prune", "feed", feed);
	const char *why = ctl->options[OPTION_WHY];
	if (why)
		json_object_set_new(request, "why", json_string(why));
	if (before_s != 0)
		json_object_set_new(request, "before_s", json_integer(before_s));
	enum ctl_exit status = ask(ctl, request, &answer);
	json_decref(answer);
	if (status == CTL_OK && ctl->json)
		printf("{\"done\":\"prune\",\"feed\":\"%s\",\"daemon\":true}\n", feed);
	else if (status == CTL_OK)
		printf("What feed %s keeps no longer goes, in its turn.\n", feed);
	return status;
}

static enum ctl_exit all_ask(const struct ctl *ctl, int64_t before_s)
{
	enum ctl_exit status = CTL_OK;
	size_t meant = 0;
	for (size_t i = 0; i < ctl->config->feeds_count && status == CTL_OK; i++) {
		if (!is_meant(ctl, &ctl->config->feeds[i], before_s))
			continue;
		status = feed_ask(ctl, ctl->config->feeds[i].name, before_s);
		if (status == CTL_NO_DAEMON && meant == 0)
			return at_once(ctl, before_s);
		meant++;
	}
	if (meant == 0 && !ctl->json)
		puts("All that feeds have is kept for ever, as keep says: nothing goes.");
	return status;
}

enum ctl_exit ctl_prune(const struct ctl *ctl)
{
	int64_t before_s;
	const char *why = ctl->options[OPTION_WHY];
	enum ctl_exit status = terms_find(ctl, &before_s);
	if (status != CTL_OK)
		return status;
	if (why && strlen(why) > PROTOCOL_WHY_MAX) {
		fprintf(stderr, "enrolctl: --why takes at most %d bytes\n", PROTOCOL_WHY_MAX);
		return CTL_USAGE;
	}
	return ctl->options[OPTION_DRY_RUN] ? look(ctl, before_s) : all_ask(ctl, before_s);
}
