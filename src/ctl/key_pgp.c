/*
 * enrolctl key pgp: a key that a feed's files are encrypted for. Its secret half stays in the
 * feed's pgp.home, which is made where it is missing; what is told is the public half. Keys that
 * are there stay: files for the old one and for the new one are read side by side.
 */
#include "ctl.h"
#include "owner.h"

#include "enrold/pgp.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOST_SIZE = 256, USER_SIZE = HOST_SIZE + 2 * FEED_NAME_MAX + 32, DAYS_MAX = 36500 };

/* ---- which ---- */

static struct error named_find(
    const struct config *config, const char *name, const struct feed **feed)
{
	*feed = config_find_feed(config, name);
	if (!*feed)
		return error_config("there is no feed %.64s", name);
	return (*feed)->policy.pgp.home
	           ? OK
	           : error_config("feed %s has no pgp.home: set it to a folder, such as "
	                          "/etc/enrold/pgp, which is made then",
	                 name);
}

/* Several feeds may have one home; which of them is named is then all the same. */
static struct error only_find(const struct config *config, const struct feed **feed)
{
	*feed = NULL;
	for (size_t i = 0; i < config->feeds_count; i++) {
		const struct feed *each = &config->feeds[i];
		if (!each->policy.pgp.home)
			continue;
		if (*feed && strcmp((*feed)->policy.pgp.home, each->policy.pgp.home) != 0)
			return error_config(
			    "several feeds have a pgp.home of their own: say which by --feed");
		if (!*feed)
			*feed = each;
	}
	return *feed ? OK
	             : error_config("no feed has a pgp.home: set it to a folder, such as "
	                            "/etc/enrold/pgp, which is made then");
}

static struct error days_find(const struct ctl *ctl, uint32_t *days)
{
	const char *text = ctl->options[OPTION_DAYS];
	char *end = NULL;
	errno = 0;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;
	*days = (uint32_t)number;
	return !text || (*text >= '1' && *text <= '9' && !*end && errno == 0 && number <= DAYS_MAX)
	           ? OK
	           : error_config("--days is a number from 1 to %d", DAYS_MAX);
}

/* ---- making it ---- */

/* In a folder of root's the daemon could not make its own. */
static struct error home_make(const struct config *config, const char *home)
{
	struct stat spool;
	if (geteuid() != 0 || *home != '/' || stat(config->spool, &spool) < 0)
		return OK;
	if (mkdir(home, 0700) < 0)
		return errno == EEXIST ? OK : error_at_start(error_errno("cannot make %s", home));
	return lchown(home, spool.st_uid, spool.st_gid) == 0
	           ? OK
	           : error_errno("cannot give %s to the owner of the spool", home);
}

static struct error key_make(const struct ctl *ctl, const struct feed *feed,
    char fingerprint[PGP_FINGERPRINT_MAX + 1], struct buffer *public)
{
	char host[HOST_SIZE] = "localhost", user[USER_SIZE];
	uint32_t days = 0;
	struct error error = days_find(ctl, &days);
	if (gethostname(host, sizeof host - 1) < 0 || !*host)
		snprintf(host, sizeof host, "localhost");
	snprintf(user, sizeof user, "enrold %s <enrold-%s@%s>", feed->name, feed->name, host);
	if (!is_error(&error))
		error = home_make(ctl->config, feed->policy.pgp.home);
	if (!is_error(&error))
		error = owner_become(ctl->config->spool);
	if (!is_error(&error))
		error = pgp_make_key(&feed->policy.pgp, user, days, fingerprint);
	if (!is_error(&error))
		error = pgp_export(&feed->policy.pgp, fingerprint, public);
	return error;
}

/* ---- telling of it ---- */

static enum ctl_exit json_tell(
    const char *feed, const char *fingerprint, const struct buffer *public)
{
	json_t *told = json_pack("{s:s, s:s, s:s%}", "feed", feed, "fingerprint", fingerprint,
	    "public", public->bytes, public->size);
	int failed = json_dumpf(told, stdout, JSON_COMPACT);
	failed |= putchar('\n') == EOF || fflush(stdout) != 0;
	json_decref(told);
	return failed ? CTL_TRY_LATER : CTL_OK;
}

static enum ctl_exit tell(const char *home, const char *fingerprint, const struct buffer *public)
{
	fwrite(public->bytes, 1, public->size, stdout);
	fprintf(stderr,
	    "%s has the secret half of %s: keep a copy of it elsewhere, for what is encrypted for "
	    "a "
	    "lost key nobody can read. Above is the public half: give it to whoever drops files, "
	    "and "
	    "the fingerprint by another way.\n",
	    home, fingerprint);
	return fflush(stdout) == 0 ? CTL_OK : CTL_TRY_LATER;
}

enum ctl_exit ctl_key_pgp(const struct ctl *ctl)
{
	const struct feed *feed = NULL;
	const char *name = ctl->options[OPTION_FEED];
	char fingerprint[PGP_FINGERPRINT_MAX + 1] = "";
	struct buffer public = {0};
	struct error error =
	    name ? named_find(ctl->config, name, &feed) : only_find(ctl->config, &feed);
	if (!is_error(&error) && feed)
		error = key_make(ctl, feed, fingerprint, &public);
	enum ctl_exit status = is_error(&error) || !feed ? ctl_fail(&error)
	                       : ctl->json ? json_tell(feed->name, fingerprint, &public)
	                                   : tell(feed->policy.pgp.home, fingerprint, &public);
	buffer_done(&public);
	return status;
}
