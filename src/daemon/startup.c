#include "startup.h"

#include "enrold/head.h"
#include "enrold/lms.h"
#include "enrold/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static bool is_known_zone(const char *zone)
{
	char path[128];
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", zone);
	return access(path, R_OK) == 0;
}

/* Dates without a zone and "today" are the site's. Before any thread: setenv is nobody's friend. */
static void zone_set(const char *zone)
{
	if (*zone == '\0' || strcmp(zone, "99") == 0)
		return; /* the server's own */
	if (!is_known_zone(zone))
		log_event(LOG_WARNING, "zone_unknown", NULL,
		    "this machine does not know the site's time zone %s and takes UTC: install "
		    "tzdata",
		    zone);
	setenv("TZ", zone, 1);
	tzset();
}

struct error startup_site(
    const struct spool *spool, const struct config *config, struct run_ids *ids)
{
	struct lms *lms = NULL;
	const struct site_facts *site;
	char last[RUN_ID_SIZE + 1];
	struct head head;
	struct error error = lms_open(&config->lms, &lms);
	if (!is_error(&error))
		error = head_check(spool, lms);
	if (!is_error(&error))
		error = lms_check_site(lms, true); /* each run asks for itself */
	if (!is_error(&error))
		error = lms_load_site(lms, &site);
	if (!is_error(&error))
		error = ledger_last_run(lms, last);
	if (!is_error(&error))
		error = head_find(spool, &head);
	if (!is_error(&error)) {
		zone_set(site->timezone);
		run_ids_note(ids, last);
		run_ids_note(ids, head.run); /* which the ledger may have been told to forget */
	}
	lms_close(lms);
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
	log_event(LOG_INFO, "run_recovered", json_pack("{s:s}", "run", name),
	    "going on with a run that was cut short");
	return feeds_add_run(feeds, name);
}

struct error startup_runs(const struct spool *spool, struct run_ids *ids, struct feeds *feeds)
{
	int copy = openat(spool->work, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	if (!listing)
		return error_errno("cannot list work/");
	struct error error = OK;
	const struct dirent *entry;
	while (!is_error(&error) && (entry = readdir(listing)))
		error = run_add(ids, feeds, entry->d_name);
	closedir(listing);
	return error;
}
