/* The clock, by which runs are named, and the site's time zone, by which files are expected. */
#include "check.h"

#include "enrold/ledger.h"
#include "enrold/lms.h"
#include "enrold/runid.h"
#include "enrold/site.h"

#include <stdio.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

enum { BEHIND_S = 60, NOW_SIZE = 32 };

static void time_show(int64_t time_s, char text[NOW_SIZE])
{
	time_t at = (time_t)time_s;
	struct tm parts;
	gmtime_r(&at, &parts);
	strftime(text, NOW_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

enum finding check_clock_judge(const struct check_clock *clock, char text[CHECK_TEXT_SIZE])
{
	char now[NOW_SIZE], newest[NOW_SIZE];
	time_show(clock->now_s, now);
	time_show(clock->newest_s, newest);
	if (clock->newest_s > clock->now_s + BEHIND_S) {
		snprintf(text, CHECK_TEXT_SIZE,
		    "it says %s, before the newest run (%s): set it; until then runs are named by "
		    "the time of that one",
		    now, newest);
		return FINDING_BAD;
	}
	if (*clock->zone && !clock->knows_zone) {
		snprintf(text, CHECK_TEXT_SIZE,
		    "this machine does not know the site's time zone %s and takes UTC: install "
		    "tzdata",
		    clock->zone);
		return FINDING_BAD;
	}
	if (!clock->is_synchronised) {
		snprintf(text, CHECK_TEXT_SIZE,
		    "it says %s, and nobody corrects it: timedatectl set-ntp true", now);
		return FINDING_NOTE;
	}
	snprintf(text, CHECK_TEXT_SIZE, "it says %s and is kept right%s%s", now,
	    *clock->zone ? "; the site's time zone is " : "", clock->zone);
	return FINDING_GOOD;
}

/* What the database knows; what it does not tell, the line of the database says. */
static void site_ask(const struct config *config, struct check_clock *clock, char zone[64])
{
	struct lms *lms = NULL;
	const struct site_facts *site;
	char last[RUN_ID_SIZE + 1] = "";
	int64_t newest_us;
	struct error error = lms_open(&config->lms, &lms);
	if (!is_error(&error))
		error = ledger_last_run(lms_db(lms), last);
	if (!is_error(&error) && run_id_parse(last, &newest_us))
		clock->newest_s = newest_us / 1000000;
	if (!is_error(&error))
		error = lms_load_site(lms, &site);
	if (!is_error(&error))
		snprintf(zone, 64, "%s", site_zone(site));
	lms_close(lms);
}

void check_clock(const struct config *config, struct findings *findings)
{
	struct timex ask = {.modes = 0};
	char zone[64] = "", text[CHECK_TEXT_SIZE];
	int state = adjtimex(&ask);
	struct check_clock clock = {
	    .is_synchronised = state >= 0 && state != TIME_ERROR && !(ask.status & STA_UNSYNC)};
	site_ask(config, &clock, zone);
	clock.now_s = (int64_t)time(NULL);
	bool is_machines = strcmp(zone, "99") == 0;
	clock.zone = is_machines ? "" : zone;
	clock.knows_zone = is_machines || site_knows_zone(zone);
	enum finding finding = check_clock_judge(&clock, text);
	findings_add(findings, finding, "clock", "%s", text);
}
