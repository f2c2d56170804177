#include "enrold/version.h"

#include <stdlib.h>
#include <string.h>

enum { NO_CHECK = 100 }; /* more than any point release has */

/* One release: `version` is its date and two digits of the point release, 2024100706 is 4.5.6. */
static const struct release {
	const char *name;
	int branch;
	long date;
	int checks_profiles; /* first point release whose uploader does */
} releases[] = {
    {"4.1", 401, 20221128, NO_CHECK}, /* without two columns of groups */
    {"4.2", 402, 20230424, NO_CHECK},
    {"4.3", 403, 20231009, NO_CHECK},
    {"4.4", 404, 20240422, NO_CHECK},
    {"4.5", 405, 20241007, NO_CHECK},
    {"5.0", 500, 20250414, NO_CHECK},
    {"5.1", 501, 20251006, 6},
    {"5.2", 502, 20260420, 2},
    {"5.3", 503, 20261005, 0},
};

enum { RELEASES = sizeof releases / sizeof *releases, OLDEST = 1, NEWEST = RELEASES - 1 };

const char *version_oldest(void)
{
	return releases[OLDEST].name;
}

const char *version_newest(void)
{
	return releases[NEWEST].name;
}

/* What stands in front of a point or the end; 0: no number. */
static int64_t number_of(struct slice text)
{
	char digits[24] = "";
	if (text.size > 0)
		memcpy(
		    digits, text.bytes, text.size < sizeof digits ? text.size : sizeof digits - 1);
	return strtoll(digits, NULL, 10);
}

static const struct release *release_find(long date)
{
	for (size_t i = 0; i < RELEASES; i++)
		if (releases[i].date == date)
			return &releases[i];
	return NULL;
}

/* A date before the release of its own branch is a development build's. No upgrade looks like that,
 * because there the branch stays behind. */
static bool is_development(int branch, long date)
{
	for (size_t i = OLDEST; i < RELEASES; i++)
		if (releases[i].branch == branch)
			return date > releases[i - 1].date && date < releases[i].date;
	return false;
}

/* For a message. */
static struct slice short_of(struct slice text)
{
	return text.size > 0 ? (struct slice){text.bytes, text.size < 50 ? text.size : 50}
	                     : SLICE("of an unknown version");
}

static struct error too_old(const struct version_settings *settings)
{
	return error_config("the site is Moodle %.*s: enrold needs %s, in which the columns "
	                    "visibility and participation of groups came",
	    SLICE_ARG(short_of(settings->release)), version_oldest());
}

static struct error unknown(const struct version_settings *settings, int branch)
{
	return error_config("the site is Moodle %.*s (branch %d), and enrold knows %s to %s: try "
	                    "it on a copy, and see lms.unknown_version",
	    SLICE_ARG(short_of(settings->release)), branch, version_oldest(), version_newest());
}

static struct error torn(const struct version_settings *settings)
{
	return error_retry("the site's version %.*s and branch %.*s do not belong together: an "
	                   "upgrade was cut short, or this is a development build",
	    SLICE_ARG(short_of(settings->version)), SLICE_ARG(short_of(settings->branch)));
}

/* What keeps enrold away from any version. */
static struct error closed(const struct version_settings *settings, int64_t now)
{
	if (settings->totara.size > 0)
		return error_config("the site is Totara (%.*s), which is no Moodle any more: its "
		                    "tables look the same and mean other things",
		    SLICE_ARG(short_of(settings->totara)));
	if (number_of(settings->upgraderunning) > now)
		return error_retry("the site is being upgraded");
	if (number_of(settings->maintenance) != 0)
		return error_retry("the site is in maintenance mode");
	return OK;
}

struct error version_judge(const struct version_settings *settings, int64_t now,
    bool allows_unknown, struct version *version)
{
	int64_t number = number_of(settings->version);
	long date = (long)(number / 100);
	const struct release *release = release_find(date);
	int branch = (int)number_of(settings->branch);
	if (branch == 0 && release)
		branch = release->branch; /* our own sites once had none */
	bool is_whole = release && release->branch == branch;
	bool is_newer = branch > releases[NEWEST].branch && date >= releases[NEWEST].date;
	*version = (struct version){.branch = branch, .is_known = is_whole};
	version->checks_profiles = is_whole ? number % 100 >= release->checks_profiles : is_newer;
	struct error error = closed(settings, now);
	if (is_error(&error))
		return error;
	if (is_whole ? branch < releases[OLDEST].branch : date < releases[0].date)
		return too_old(settings);
	if (is_whole || (allows_unknown && (is_newer || is_development(branch, date))))
		return OK;
	return is_newer ? unknown(settings, branch) : torn(settings);
}
