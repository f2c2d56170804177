#include "startup.h"

#include "enrold/disk.h"
#include "enrold/last_run.h"
#include "enrold/lms.h"
#include "enrold/log.h"
#include "enrold/orders.h"
#include "enrold/site.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the process was started with; NULL: nothing. */
static const char *zone_of_start(void)
{
	static char zone[PATH_MAX];
	static bool is_known, is_there;
	if (!is_known) {
		const char *now = getenv("TZ");
		is_there = now && snprintf(zone, sizeof zone, "%s", now) < (int)sizeof zone;
		is_known = true;
	}
	return is_there ? zone : NULL;
}

void startup_zone(const char *zone)
{
	const char *own = zone_of_start();
	bool is_servers = strcmp(zone, "99") == 0;
	if (!is_servers && !site_knows_zone(zone))
		log_event(LOG_WARNING, "zone_unknown", NULL,
		    "this machine does not know the site's time zone %s and takes UTC: install "
		    "tzdata",
		    zone);
	if (is_servers && !own)
		unsetenv("TZ");
	else
		setenv("TZ", is_servers ? own : zone, 1);
	tzset();
}

/* An update of the program needs nobody at night: a site of an older enrold, which cannot be
 * opened, is brought up to date. */
static struct error site_open(const struct config *config, struct lms **lms)
{
	bool is_upgraded;
	struct error refused = lms_open(&config->lms, lms);
	if (refused.class != ERROR_CONFIG || config_is_shared(config))
		return refused;
	struct error error = site_upgrade(&config->lms, &is_upgraded);
	if (is_error(&error) || !is_upgraded)
		return is_error(&error) ? error : refused;
	log_event(LOG_INFO, "site_upgraded", NULL,
	    "enrold's own tables were those of an older enrold, and have been brought up to date");
	return lms_open(&config->lms, lms);
}

struct error startup_site(const struct spool *spool, const struct config *config,
    struct run_ids *ids, char zone[ZONE_SIZE], struct lms **opened)
{
	struct lms *lms = NULL;
	const struct site_facts *site;
	char last[RUN_ID_SIZE + 1];
	struct last_run head;
	struct error error = site_open(config, &lms);
	if (!is_error(&error))
		error = last_run_check(spool, lms);
	if (!is_error(&error))
		error = lms_check_site(lms, true); /* each run asks for itself */
	if (!is_error(&error))
		error = lms_load_site(lms, &site);
	if (!is_error(&error))
		error = ledger_last_run(lms_db(lms), last);
	if (!is_error(&error))
		error = last_run_find(spool, &head);
	if (!is_error(&error)) {
		snprintf(zone, ZONE_SIZE, "%s", site_zone(site));
		startup_zone(zone);
		run_ids_note(ids, last);
		run_ids_note(ids, head.run); /* the ledger may have been told to forget it */
		*opened = lms;
	} else {
		lms_close(lms);
	}
	return error;
}

static struct error run_add(struct run_ids *ids, struct feeds *feeds, const char *name)
{
	int64_t epoch_us;
	if (name[0] == '.')
		return OK;
	if (!run_id_parse(name, &epoch_us)) {
		log_event(LOG_WARNING, "work_strange", NULL,
		    "work/ holds %s, which is no run: left", name);
		return OK;
	}
	run_ids_note(ids, name);
	return feeds_add_run(feeds, name, "which was interrupted");
}

struct error startup_runs(const struct spool *spool, struct run_ids *ids, struct feeds *feeds)
{
	DIR *listing = disk_list(spool->work);
	if (!listing)
		return error_errno("cannot list work/");
	struct error error = OK;
	const struct dirent *entry;
	while (!is_error(&error) && (errno = 0, entry = readdir(listing)))
		error = run_add(ids, feeds, entry->d_name);
	if (!is_error(&error) && errno != 0)
		error = error_errno("cannot list work/");
	closedir(listing);
	return error;
}

/* That somebody has seen to a refused file is kept as long as anybody may ask. */
enum { SEEN_S = 400 * 86400 };

void startup_orders(const struct spool *spool)
{
	struct orders orders;
	int64_t now_s = (int64_t)time(NULL);
	orders_tidy(spool->orders);
	struct error error = orders_load(spool->orders, &orders);
	for (size_t i = 0; !is_error(&error) && i < orders.count; i++) {
		const struct order *order = &orders.items[i];
		bool is_old = order->kind == ORDER_DISCARD && order->at_s < now_s - SEEN_S;
		bool is_in_work = true;
		if (order->kind == ORDER_STOP || is_old)
			error = orders_find_run(spool->root, order->subject, &is_in_work);
		if (is_error(&error) || is_in_work)
			continue;
		error = order_withdraw(spool->orders, ORDER_DISCARD, order->subject);
		if (!is_error(&error))
			error = order_withdraw(spool->orders, ORDER_STOP, order->subject);
	}
	orders_free(&orders); /* what is left does no harm */
}
