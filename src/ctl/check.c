/*
 * enrolctl check: whether this machine is as enrold needs it, a line each, and what to do.
 *
 * Files are looked at as who we are, the database as the daemon: root's own connection would leave
 * files beside SQLite's that the daemon cannot open. So that comes last, for there is no way back.
 */
#include "check.h"
#include "owner.h"

#include <pwd.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

/* ---- mending ---- */

struct mended {
	struct findings *findings;
	const char *by;
};

/* In the journal, beside what others have done to the machine. */
static void journal_tell(const char *by, const char *about, const char *text)
{
	openlog("enrolctl", LOG_PID, LOG_DAEMON);
	syslog(LOG_NOTICE, "%s mended %s: %s", by, about, text);
	closelog();
}

static void on_mended(void *context, bool is_mended, const char *path, const char *text)
{
	const struct mended *mended = context;
	const char *about = *path ? path : "spool";
	if (is_mended) {
		findings_add_fixed(mended->findings, about, text);
		journal_tell(mended->by, about, text);
	} else {
		findings_add(mended->findings, FINDING_BAD, about, "%s", text);
	}
}

static struct error all_mend(const struct ctl *ctl, struct findings *findings)
{
	char by[OWNER_NAME_SIZE];
	struct check_spool spool = {.config = ctl->config};
	struct arena *arena = arena_create();
	owner_name(by);
	struct mended mended = {findings, by};
	struct error error =
	    arena ? check_spool_look(ctl, arena, &spool) : error_memory("mending the folders");
	if (!is_error(&error)) {
		struct place_mending mending = {
		    ctl->config, &spool.places, spool.owner, on_mended, &mended};
		places_mend(&mending);
		for (size_t i = 0; i < spool.places.count; i++)
			if (spool.places.list[i].use == PLACE_TO_READ &&
			    spool.places.list[i].group == PLACE_DROP_GROUP)
				place_hand_over(&mending, &spool.places.list[i]);
		check_files_mend(&spool, &mending);
	}
	arena_free(arena);
	return error;
}

/* ---- looking ---- */

static void on_advice(void *context, const char *sentence)
{
	findings_add(context, FINDING_NOTE, "settings", "%s", sentence);
}

static void settings_check(const struct ctl *ctl, struct findings *findings)
{
	findings_add(findings, FINDING_GOOD, "settings", "%s is well formed", ctl->config_path);
	config_look(ctl->config, on_advice, findings);
}

/* As the daemon, or not at all. */
static struct error secrets_check(
    const struct ctl *ctl, const struct check_spool *spool, struct findings *findings)
{
	if (geteuid() != 0 && geteuid() != spool->owner.user) {
		findings_add(findings, FINDING_NOTE, "database",
		    "it is not looked at, nor the clock by it, nor keys: ask as root, or as the "
		    "daemon's user");
		return OK;
	}
	struct error error = owner_become(ctl->config->spool);
	if (is_error(&error))
		return error;
	check_pgp(ctl->config, findings);
	check_clock(ctl->config, findings);
	error = check_site(ctl->config, findings);
	if (is_error(&error))
		findings_add(findings, FINDING_BAD, "database", "%s", error.text);
	return OK;
}

static struct error all_check(const struct ctl *ctl, struct findings *findings)
{
	struct check_spool spool = {.config = ctl->config};
	struct arena *arena = arena_create();
	settings_check(ctl, findings);
	struct error error =
	    arena ? check_spool_look(ctl, arena, &spool) : error_memory("looking at the folders");
	if (!is_error(&error)) {
		check_folders(&spool, findings);
		check_feeds(&spool, findings);
		check_files(&spool, findings);
		check_groups(ctl->config, findings);
		check_disks(ctl->config, findings);
		check_daemon(&spool, findings);
		check_pgp_credentials(ctl->config, findings);
		error = secrets_check(ctl, &spool, findings);
	}
	arena_free(arena);
	return error;
}

enum ctl_exit ctl_check(const struct ctl *ctl)
{
	struct findings findings;
	struct error error = OK;
	bool mends = ctl->options[OPTION_FIX] != NULL;
	if (mends && geteuid() != 0) {
		fputs("enrolctl: check --fix gives folders to others, which only root can: sudo "
		      "enrolctl check --fix\n",
		    stderr);
		return CTL_NO;
	}
	findings_begin(&findings, ctl->json);
	if (mends)
		error = all_mend(ctl, &findings);
	if (!is_error(&error))
		error = all_check(ctl, &findings);
	if (is_error(&error))
		findings_add(&findings, FINDING_BAD, "spool", "%s", error.text);
	return findings_end(&findings);
}
